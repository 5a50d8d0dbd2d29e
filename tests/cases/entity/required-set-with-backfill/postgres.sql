-- 1. alter table "customer"
UPDATE "customer" SET "code" = 'none' WHERE "code" IS NULL;
ALTER TABLE "customer" ALTER COLUMN "code" SET NOT NULL;
