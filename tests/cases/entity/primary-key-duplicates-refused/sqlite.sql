-- 1. keep values of table "country"
CREATE TABLE "_reconcile_trash_1" ("key code" TEXT, "was id");
INSERT INTO "_reconcile_trash_1" SELECT "code", "_reconcile_from_id" FROM (SELECT "code" AS "code", "name" AS "name", "id" AS "_reconcile_from_id", "code" AS "_reconcile_from_code", "name" AS "_reconcile_from_name" FROM "country") WHERE "_reconcile_from_id" IS NOT NULL;

-- 2. rebuild table "country"
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
