-- 1. alter table "order"
ALTER TABLE "order" DROP COLUMN "customer";
