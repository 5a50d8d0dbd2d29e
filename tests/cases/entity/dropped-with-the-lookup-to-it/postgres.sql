-- 1. alter table "order"
ALTER TABLE "order" DROP COLUMN "customer";

-- 2. drop table "customer"
DROP TABLE "customer";
