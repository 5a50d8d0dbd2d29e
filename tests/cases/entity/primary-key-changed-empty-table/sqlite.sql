-- 1. rebuild table "country"
CREATE TABLE "_reconcile_old_country" AS SELECT "id", "code", "name" FROM "country";
DROP TABLE "country";
CREATE TABLE "country" (
  "code" TEXT NOT NULL PRIMARY KEY CHECK (length("code") <= 2),
  "name" TEXT CHECK (length("name") <= 40)
) STRICT;
INSERT INTO "country" ("code", "name")
  SELECT "code", "name"
  FROM "_reconcile_old_country";
DROP TABLE "_reconcile_old_country";
