-- 1. change options of picklist "status"
UPDATE "status" SET "name" = 'draft' WHERE "name" = 'open';
UPDATE "status" SET "label" = 'Draft' WHERE "name" = 'draft';

-- 2. alter table "order"
ALTER TABLE "order" ALTER COLUMN "status" SET DEFAULT 'draft';
