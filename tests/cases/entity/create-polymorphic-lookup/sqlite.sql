-- 1. create table "customer"
CREATE TABLE "customer" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT CHECK (length("name") <= 80)
) STRICT;

-- 2. create table "order"
CREATE TABLE "order" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "subject" TEXT CHECK (length("subject") <= 80)
) STRICT;

-- 3. create table "note"
CREATE TABLE "note" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "regarding_customer" TEXT REFERENCES "customer" ("id") ON DELETE CASCADE,
  "regarding_order" TEXT REFERENCES "order" ("id") ON DELETE CASCADE,
  "body" TEXT NOT NULL,
  CONSTRAINT "regarding.targets" CHECK (("regarding_customer" IS NOT NULL) + ("regarding_order" IS NOT NULL) <= 1)
) STRICT;
