-- 1. create table "measure"
CREATE TABLE "measure" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "count" INTEGER NOT NULL DEFAULT 0 CHECK ("count" BETWEEN -2147483648 AND 2147483647),
  "offset" INTEGER DEFAULT -1 CHECK ("offset" BETWEEN -2147483648 AND 2147483647),
  "population" INTEGER DEFAULT 9000000000,
  "rate" REAL DEFAULT 0.25 CHECK (abs("rate") < 1e3 AND round("rate", 2) = "rate") CONSTRAINT "rate" CHECK (rate >= 0),
  "share" REAL CHECK (abs("share") < 1e38 AND round("share", 0) = "share"),
  "price" REAL NOT NULL DEFAULT 0 CHECK (abs("price") < 1e15 AND round("price", 4) = "price"),
  "ratio" REAL DEFAULT 1.5,
  CONSTRAINT "count-below-population" CHECK (count < population)
) STRICT;
