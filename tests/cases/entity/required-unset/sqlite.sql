-- 1. rebuild table "customer"
CREATE TABLE "_reconcile_old_customer" AS SELECT "id", "code", "name" FROM "customer";
DROP TABLE "customer";
CREATE TABLE "customer" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "code" TEXT CHECK (length("code") <= 10),
  "name" TEXT CHECK (length("name") <= 40)
) STRICT;
INSERT INTO "customer" ("id", "code", "name")
  SELECT "id", "code", "name"
  FROM "_reconcile_old_customer";
DROP TABLE "_reconcile_old_customer";
