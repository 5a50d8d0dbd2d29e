-- 1. create table "category"
CREATE TABLE "category" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT NOT NULL CHECK (length("name") <= 80),
  "parent" TEXT REFERENCES "category" ("id") ON DELETE SET NULL
) STRICT;
