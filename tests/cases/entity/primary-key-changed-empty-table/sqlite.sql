-- 1. rebuild table "country"
PRAGMA legacy_alter_table = ON;
CREATE TABLE "_reconcile_new_country" (
  "code" TEXT NOT NULL PRIMARY KEY CHECK (length("code") <= 2),
  "name" TEXT CHECK (length("name") <= 40)
) STRICT;
INSERT INTO "_reconcile_new_country" ("code", "name")
  SELECT "code", "name"
  FROM "country";
DROP TABLE "country";
ALTER TABLE "_reconcile_new_country" RENAME TO "country";
PRAGMA legacy_alter_table = OFF;
