-- 1. create table "customer"
CREATE TABLE "customer" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT NOT NULL CHECK (length("name") <= 80)
) STRICT;

-- 2. create picklist "level"
CREATE TABLE "level" (
  "name" TEXT NOT NULL PRIMARY KEY,
  "label" TEXT NOT NULL,
  "position" INTEGER NOT NULL,
  "color" TEXT,
  "retired" INTEGER NOT NULL DEFAULT 0 CHECK ("retired" IN (0, 1))
) STRICT;
INSERT INTO "level" ("name", "label", "position", "color", "retired") VALUES
  ('low', 'Low', 1, NULL, 0),
  ('high', 'High', 2, NULL, 0);

-- 3. create table "ticket"
CREATE TABLE "ticket" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "level" TEXT NOT NULL DEFAULT 'low' REFERENCES "level" ("name") ON UPDATE CASCADE,
  "customer" TEXT NOT NULL REFERENCES "customer" ("id"),
  "reporter" TEXT REFERENCES "customer" ("id") ON DELETE SET NULL,
  "owner" TEXT REFERENCES "customer" ("id") ON DELETE CASCADE
) STRICT;
