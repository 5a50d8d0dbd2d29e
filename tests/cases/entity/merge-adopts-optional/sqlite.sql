-- 1. rebuild table "country"
CREATE TABLE "_reconcile_old_country" AS SELECT "code", "name", "fax" FROM "country";
DROP TABLE "country";
CREATE TABLE "country" (
  "code" TEXT NOT NULL PRIMARY KEY,
  "name" TEXT,
  "level" TEXT DEFAULT 'low' REFERENCES "level" ("name") ON UPDATE CASCADE,
  "fax" TEXT NOT NULL
) STRICT;
INSERT INTO "country" ("code", "name", "level", "fax")
  SELECT "code", "name", 'low', "fax"
  FROM "_reconcile_old_country";
DROP TABLE "_reconcile_old_country";
