-- 1. keep values of table "customer"
CREATE TABLE "_reconcile_trash_1" ("key id" TEXT, "was fax");
INSERT INTO "_reconcile_trash_1" SELECT "id", "_reconcile_from_fax" FROM (SELECT "id" AS "id", "name" AS "name", "id" AS "_reconcile_from_id", "name" AS "_reconcile_from_name", "fax" AS "_reconcile_from_fax" FROM "customer") WHERE "_reconcile_from_fax" IS NOT NULL;

-- 2. rebuild table "customer"
CREATE TABLE "_reconcile_old_customer" AS SELECT "id", "name", "fax" FROM "customer";
DROP TABLE "customer";
CREATE TABLE "customer" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT CHECK (length("name") <= 40)
) STRICT;
INSERT INTO "customer" ("id", "name")
  SELECT "id", "name"
  FROM "_reconcile_old_customer";
DROP TABLE "_reconcile_old_customer";
