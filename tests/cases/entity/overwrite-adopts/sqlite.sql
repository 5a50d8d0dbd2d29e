-- 1. keep values of table "country"
CREATE TABLE "_reconcile_trash_1" ("key code" TEXT, "was fax");
INSERT INTO "_reconcile_trash_1" SELECT "code", "_reconcile_from_fax" FROM (SELECT "code" AS "code", "name" AS "name", 'low' AS "level", "code" AS "_reconcile_from_code", "name" AS "_reconcile_from_name", "fax" AS "_reconcile_from_fax" FROM "country") WHERE "_reconcile_from_fax" IS NOT NULL;

-- 2. rebuild table "country"
CREATE TABLE "_reconcile_old_country" AS SELECT "code", "name", "fax" FROM "country";
DROP TABLE "country";
CREATE TABLE "country" (
  "code" TEXT NOT NULL PRIMARY KEY,
  "name" TEXT NOT NULL,
  "level" TEXT DEFAULT 'low' REFERENCES "level" ("name") ON UPDATE CASCADE
) STRICT;
INSERT INTO "country" ("code", "name", "level")
  SELECT "code", "name", 'low'
  FROM "_reconcile_old_country";
DROP TABLE "_reconcile_old_country";
