-- 1. keep values of table "customer"
CREATE TABLE "_reconcile_trash_1" ("key id" TEXT, "was code", "now code" TEXT);
INSERT INTO "_reconcile_trash_1" SELECT "id", "_reconcile_from_code", "code" FROM (SELECT "id" AS "id", coalesce("code", 'none') AS "code", "name" AS "name", "id" AS "_reconcile_from_id", "code" AS "_reconcile_from_code", "name" AS "_reconcile_from_name" FROM "customer");
DELETE FROM "_reconcile_trash_1" WHERE "was code" IS "now code" AND typeof("was code") = typeof("now code");

-- 2. rebuild table "customer"
CREATE TABLE "_reconcile_old_customer" AS SELECT "id", "code", "name" FROM "customer";
DROP TABLE "customer";
CREATE TABLE "customer" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "code" TEXT NOT NULL CHECK (length("code") <= 10),
  "name" TEXT CHECK (length("name") <= 40)
) STRICT;
INSERT INTO "customer" ("id", "code", "name")
  SELECT "id", coalesce("code", 'none'), "name"
  FROM "_reconcile_old_customer";
DROP TABLE "_reconcile_old_customer";
