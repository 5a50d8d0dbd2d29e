-- 1. keep values of table "thing"
CREATE TABLE "_reconcile_trash_1" ("key id" TEXT, "was code", "now code" TEXT);
INSERT INTO "_reconcile_trash_1" SELECT "id", "_reconcile_from_code", "code" FROM (SELECT "id" AS "id", coalesce("code", 'none') AS "code", "id" AS "_reconcile_from_id", "code" AS "_reconcile_from_code" FROM "thing");
DELETE FROM "_reconcile_trash_1" WHERE "was code" IS "now code" AND typeof("was code") = typeof("now code");

-- 2. rebuild table "thing"
CREATE TABLE "_reconcile_old_thing" AS SELECT "id", "code" FROM "thing";
DROP TABLE "thing";
CREATE TABLE "thing" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "code" TEXT NOT NULL CHECK (length("code") <= 20)
) STRICT;
INSERT INTO "thing" ("id", "code")
  SELECT "id", coalesce("code", 'none')
  FROM "_reconcile_old_thing";
DROP TABLE "_reconcile_old_thing";
CREATE UNIQUE INDEX "thing.by-code" ON "thing" ("code");
