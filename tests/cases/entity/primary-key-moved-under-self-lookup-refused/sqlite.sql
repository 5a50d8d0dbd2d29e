-- 1. rebuild table "part"
CREATE TABLE "_reconcile_old_part" AS SELECT "code", "whole" FROM "part";
DROP TABLE "part";
CREATE TABLE "part" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "code" TEXT CHECK ("code" GLOB '????????-????-????-????-????????????' AND length(replace("code", '-', '')) = 32 AND replace("code", '-', '') NOT GLOB '*[^0-9a-fA-F]*'),
  "whole" TEXT REFERENCES "part" ("id")
) STRICT;
INSERT INTO "part" ("id", "code", "whole")
  SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), "code", "whole"
  FROM "_reconcile_old_part";
DROP TABLE "_reconcile_old_part";
