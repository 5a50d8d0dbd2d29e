-- 1. keep the rows of table "customer"
CREATE TABLE "_reconcile_trash_1" ("id", "name");
INSERT INTO "_reconcile_trash_1" ("id", "name") SELECT "id", "name" FROM "customer";

-- 2. rename table "order" to "purchase", then rebuild table "purchase"
ALTER TABLE "order" RENAME TO "purchase";
CREATE TABLE "_reconcile_old_purchase" AS SELECT "id", "customer" FROM "purchase";
DROP TABLE "purchase";
CREATE TABLE "purchase" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "customer" TEXT CHECK (length("customer") <= 36)
) STRICT;
INSERT INTO "purchase" ("id", "customer")
  SELECT "id", CAST("customer" AS TEXT)
  FROM "_reconcile_old_purchase";
DROP TABLE "_reconcile_old_purchase";

-- 3. drop table "customer"
DROP TABLE "customer";
