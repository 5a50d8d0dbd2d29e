-- 1. create table "order-line"
CREATE TABLE "order-line" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))) CHECK ("id" GLOB '????????-????-????-????-????????????' AND length(replace("id", '-', '')) = 32 AND replace("id", '-', '') NOT GLOB '*[^0-9a-fA-F]*'),
  "amount" INTEGER CHECK ("amount" BETWEEN -2147483648 AND 2147483647)
) STRICT;

-- 2. create table "person"
CREATE TABLE "person" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT
) STRICT;

-- 3. create picklist "state"
CREATE TABLE "state" (
  "name" TEXT NOT NULL PRIMARY KEY,
  "label" TEXT NOT NULL,
  "position" INTEGER NOT NULL,
  "color" TEXT,
  "retired" INTEGER NOT NULL DEFAULT 0 CHECK ("retired" IN (0, 1))
) STRICT;
INSERT INTO "state" ("name", "label", "position", "color", "retired") VALUES
  ('open', 'open', 1, NULL, 0),
  ('done', 'done', 2, NULL, 0);

-- 4. create table "order"
CREATE TABLE "order" (
  "year" INTEGER NOT NULL CHECK ("year" BETWEEN -2147483648 AND 2147483647),
  "number" TEXT NOT NULL CHECK (length("number") <= 5),
  "note" TEXT,
  "state" TEXT REFERENCES "state" ("name") ON UPDATE CASCADE,
  "parent" TEXT REFERENCES "order-line" ("id"),
  "regarding_order-line" TEXT REFERENCES "order-line" ("id"),
  "regarding_person" TEXT REFERENCES "person" ("id"),
  PRIMARY KEY ("year", "number"),
  CONSTRAINT "regarding.targets" CHECK (("regarding_order-line" IS NOT NULL) + ("regarding_person" IS NOT NULL) <= 1)
) STRICT;
