-- 1. keep values of table "part"
LOCK TABLE "part" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "whole_part" AS "was whole_part", "whole_box" AS "was whole_box" FROM "part" WHERE "whole_part" IS NOT NULL OR "whole_box" IS NOT NULL;

-- 2. rename table "part" to "piece"
ALTER TABLE "part" RENAME TO "piece";
ALTER TABLE "piece" DROP CONSTRAINT "part_whole_box_fkey";
ALTER TABLE "piece" DROP CONSTRAINT "part_whole_part_fkey";
ALTER TABLE "piece" RENAME CONSTRAINT "part_pkey" TO "piece_pkey";
ALTER TABLE "piece" DROP COLUMN "whole_part";
ALTER TABLE "piece" DROP COLUMN "whole_box";
