-- 1. keep values of table "country"
CREATE TABLE "_reconcile_trash_1" ("key code" TEXT, "was code", "now code" TEXT, "was name", "now name" TEXT, "was level", "now level" TEXT);
INSERT INTO "_reconcile_trash_1" SELECT "code", "_reconcile_from_code", "code", "_reconcile_from_name", "name", "_reconcile_from_level", "level" FROM (SELECT "code" AS "code", "name" AS "name", "level" AS "level", "code" AS "_reconcile_from_code", "name" AS "_reconcile_from_name", "level" AS "_reconcile_from_level" FROM "country");
DELETE FROM "_reconcile_trash_1" WHERE "was code" IS "now code" AND typeof("was code") = typeof("now code") AND "was name" IS "now name" AND typeof("was name") = typeof("now name") AND "was level" IS "now level" AND typeof("was level") = typeof("now level");

-- 2. rebuild table "country"
CREATE TABLE "_reconcile_old_country" AS SELECT "code", "name", "level" FROM "country";
DROP TABLE "country";
CREATE TABLE "country" (
  "code" TEXT NOT NULL PRIMARY KEY,
  "name" TEXT NOT NULL,
  "level" TEXT DEFAULT 'low' REFERENCES "level" ("name") ON UPDATE CASCADE
) STRICT;
INSERT INTO "country" ("code", "name", "level")
  SELECT "code", "name", "level"
  FROM "_reconcile_old_country";
DROP TABLE "_reconcile_old_country";
