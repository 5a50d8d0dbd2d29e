-- 1. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "size" SET NOT NULL;
