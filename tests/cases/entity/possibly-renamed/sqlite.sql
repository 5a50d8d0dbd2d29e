-- 1. keep the rows of table "client"
CREATE TABLE "_reconcile_trash_1" ("id", "name", "phone");
INSERT INTO "_reconcile_trash_1" ("id", "name", "phone") SELECT "id", "name", "phone" FROM "client";

-- 2. create table "customer"
CREATE TABLE "customer" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT CHECK (length("name") <= 40),
  "phone" TEXT CHECK (length("phone") <= 20)
) STRICT;

-- 3. drop table "client"
DROP TABLE "client";
