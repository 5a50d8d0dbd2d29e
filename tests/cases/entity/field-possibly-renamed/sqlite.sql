-- 1. keep values of table "customer"
CREATE TABLE "_reconcile_trash_1" ("key id" TEXT, "was phone");
INSERT INTO "_reconcile_trash_1" SELECT "id", "_reconcile_from_phone" FROM (SELECT "id" AS "id", "name" AS "name", NULL AS "mobile", "id" AS "_reconcile_from_id", "name" AS "_reconcile_from_name", "phone" AS "_reconcile_from_phone" FROM "customer") WHERE "_reconcile_from_phone" IS NOT NULL;

-- 2. rebuild table "customer"
CREATE TABLE "_reconcile_old_customer" AS SELECT "id", "name", "phone" FROM "customer";
DROP TABLE "customer";
CREATE TABLE "customer" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT CHECK (length("name") <= 40),
  "mobile" TEXT CHECK (length("mobile") <= 20)
) STRICT;
INSERT INTO "customer" ("id", "name", "mobile")
  SELECT "id", "name", NULL
  FROM "_reconcile_old_customer";
DROP TABLE "_reconcile_old_customer";
