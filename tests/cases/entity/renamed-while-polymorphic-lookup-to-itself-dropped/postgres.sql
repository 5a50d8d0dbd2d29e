-- 1. rename table "part" to "piece"
ALTER TABLE "part" RENAME TO "piece";
ALTER TABLE "piece" RENAME CONSTRAINT "part_pkey" TO "piece_pkey";
ALTER TABLE "piece" DROP COLUMN "whole_box";
