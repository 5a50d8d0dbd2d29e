-- 1. create table "contact"
CREATE TABLE "contact" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT NOT NULL CHECK (length("name") <= 80),
  "story" TEXT,
  "email" TEXT CHECK (length("email") <= 320),
  "phone" TEXT,
  "website" TEXT,
  "address" TEXT,
  "biography" TEXT,
  "signature" TEXT,
  "zone" TEXT CHECK (length("zone") <= 60)
) STRICT;
