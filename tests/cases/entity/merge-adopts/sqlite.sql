-- 1. rebuild table "country"
PRAGMA legacy_alter_table = ON;
CREATE TABLE "_reconcile_new_country" (
  "code" TEXT NOT NULL PRIMARY KEY,
  "name" TEXT NOT NULL,
  "level" TEXT DEFAULT 'low' REFERENCES "level" ("name") ON UPDATE CASCADE,
  "fax" TEXT
) STRICT;
INSERT INTO "_reconcile_new_country" ("code", "name", "level", "fax")
  SELECT "code", "name", 'low', "fax"
  FROM "country";
DROP TABLE "country";
ALTER TABLE "_reconcile_new_country" RENAME TO "country";
PRAGMA legacy_alter_table = OFF;
