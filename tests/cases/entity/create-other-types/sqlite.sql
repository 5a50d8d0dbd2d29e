-- 1. create table "thing"
CREATE TABLE "thing" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "active" INTEGER NOT NULL DEFAULT 1 CHECK ("active" IN (0, 1)),
  "hidden" INTEGER DEFAULT 0 CHECK ("hidden" IN (0, 1)),
  "code" TEXT NOT NULL DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))) CHECK ("code" GLOB '????????-????-????-????-????????????' AND length(replace("code", '-', '')) = 32 AND replace("code", '-', '') NOT GLOB '*[^0-9a-fA-F]*'),
  "payload" TEXT CHECK (json_valid("payload")),
  "picture" BLOB CHECK (length("picture") <= 65536),
  "original" BLOB
) STRICT;
CREATE UNIQUE INDEX "thing.code.unique" ON "thing" ("code");
