-- 1. rebuild table "customer"
CREATE TABLE "_reconcile_old_customer" AS SELECT "id", "name" FROM "customer";
DROP TABLE "customer";
CREATE TABLE "customer" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT CHECK (length("name") <= 40),
  "code" TEXT NOT NULL CHECK (length("code") <= 10)
) STRICT;
INSERT INTO "customer" ("id", "name", "code")
  SELECT "id", "name", NULL
  FROM "_reconcile_old_customer";
DROP TABLE "_reconcile_old_customer";
