-- 1. keep values of table "part"
CREATE TABLE "_reconcile_trash_1" ("key id" TEXT, "was whole_part", "was whole_box");
INSERT INTO "_reconcile_trash_1" SELECT "id", "_reconcile_from_whole_part", "_reconcile_from_whole_box" FROM (SELECT "id" AS "id", "name" AS "name", "id" AS "_reconcile_from_id", "name" AS "_reconcile_from_name", "whole_part" AS "_reconcile_from_whole_part", "whole_box" AS "_reconcile_from_whole_box" FROM "part") WHERE "_reconcile_from_whole_part" IS NOT NULL OR "_reconcile_from_whole_box" IS NOT NULL;

-- 2. rename table "part" to "piece", then rebuild table "piece"
ALTER TABLE "part" RENAME TO "piece";
CREATE TABLE "_reconcile_old_piece" AS SELECT "id", "name", "whole_part", "whole_box" FROM "piece";
DROP TABLE "piece";
CREATE TABLE "piece" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT
) STRICT;
INSERT INTO "piece" ("id", "name")
  SELECT "id", "name"
  FROM "_reconcile_old_piece";
DROP TABLE "_reconcile_old_piece";
