-- 1. alter table "thing"
UPDATE "thing" SET "code" = 'none' WHERE "code" IS NULL;
ALTER TABLE "thing" ALTER COLUMN "code" SET NOT NULL;
