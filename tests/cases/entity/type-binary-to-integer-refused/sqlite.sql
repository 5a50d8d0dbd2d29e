-- 1. keep values of table "thing"
CREATE TABLE "_reconcile_trash_1" ("key id" TEXT, "was value", "now value" INTEGER);
INSERT INTO "_reconcile_trash_1" SELECT "id", "_reconcile_from_value", "value" FROM (SELECT "id" AS "id", CASE WHEN 0 THEN CAST("value" AS INTEGER) ELSE "value" END AS "value", "id" AS "_reconcile_from_id", "value" AS "_reconcile_from_value" FROM "thing");
DELETE FROM "_reconcile_trash_1" WHERE "was value" IS "now value" AND typeof("was value") = typeof("now value");

-- 2. rebuild table "thing"
CREATE TABLE "_reconcile_old_thing" AS SELECT "id", "value" FROM "thing";
DROP TABLE "thing";
CREATE TABLE "thing" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "value" INTEGER CHECK ("value" BETWEEN -2147483648 AND 2147483647)
) STRICT;
INSERT INTO "thing" ("id", "value")
  SELECT "id", CASE WHEN 0 THEN CAST("value" AS INTEGER) ELSE "value" END
  FROM "_reconcile_old_thing";
DROP TABLE "_reconcile_old_thing";
