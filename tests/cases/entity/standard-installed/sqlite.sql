-- 1. create table "account"
CREATE TABLE "account" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT NOT NULL CHECK (length("name") <= 40),
  "phone" TEXT CHECK (length("phone") <= 40),
  "region" TEXT DEFAULT 'north' CHECK (length("region") <= 20)
) STRICT;
CREATE INDEX "account.by-region" ON "account" ("region", "name");
