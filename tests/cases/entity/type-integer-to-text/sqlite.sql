-- 1. keep values of table "thing"
CREATE TABLE "_reconcile_trash_1" ("key id" TEXT, "was value", "now value" TEXT);
INSERT INTO "_reconcile_trash_1" SELECT "id", "_reconcile_from_value", "value" FROM (SELECT "id" AS "id", CAST("value" AS TEXT) AS "value", "id" AS "_reconcile_from_id", "value" AS "_reconcile_from_value" FROM "thing");
DELETE FROM "_reconcile_trash_1" WHERE "was value" IS "now value" AND typeof("was value") = typeof("now value");

-- 2. rebuild table "thing"
CREATE TABLE "_reconcile_old_thing" AS SELECT "id", "value" FROM "thing";
DROP TABLE "thing";
CREATE TABLE "thing" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "value" TEXT CHECK (length("value") <= 20)
) STRICT;
INSERT INTO "thing" ("id", "value")
  SELECT "id", CAST("value" AS TEXT)
  FROM "_reconcile_old_thing";
DROP TABLE "_reconcile_old_thing";
