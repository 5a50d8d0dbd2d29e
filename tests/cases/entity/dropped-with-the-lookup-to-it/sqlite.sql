-- 1. keep values of table "order"
CREATE TABLE "_reconcile_trash_1" ("key id" TEXT, "was customer");
INSERT INTO "_reconcile_trash_1" SELECT "id", "_reconcile_from_customer" FROM (SELECT "id" AS "id", "subject" AS "subject", "id" AS "_reconcile_from_id", "subject" AS "_reconcile_from_subject", "customer" AS "_reconcile_from_customer" FROM "order") WHERE "_reconcile_from_customer" IS NOT NULL;

-- 2. keep the rows of table "customer"
CREATE TABLE "_reconcile_trash_2" ("id", "name");
INSERT INTO "_reconcile_trash_2" ("id", "name") SELECT "id", "name" FROM "customer";

-- 3. rebuild table "order"
CREATE TABLE "_reconcile_old_order" AS SELECT "id", "subject", "customer" FROM "order";
DROP TABLE "order";
CREATE TABLE "order" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "subject" TEXT CHECK (length("subject") <= 40)
) STRICT;
INSERT INTO "order" ("id", "subject")
  SELECT "id", "subject"
  FROM "_reconcile_old_order";
DROP TABLE "_reconcile_old_order";

-- 4. drop table "customer"
DROP TABLE "customer";
