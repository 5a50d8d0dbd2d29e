-- 1. create table "branch"
CREATE TABLE "branch" (
  "number" INTEGER NOT NULL PRIMARY KEY,
  "city" TEXT CHECK (length("city") <= 80)
) STRICT;

-- 2. create table "employee"
CREATE TABLE "employee" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT CHECK (length("name") <= 80),
  "branch" INTEGER NOT NULL REFERENCES "branch" ("number")
) STRICT;
