-- 1. alter table "item"
ALTER TABLE "order" DROP CONSTRAINT IF EXISTS "of-item";
ALTER TABLE "item" DROP CONSTRAINT "item_by-code_key";

-- 2. alter table "order"
ALTER TABLE "order" DROP CONSTRAINT IF EXISTS "of-item";
