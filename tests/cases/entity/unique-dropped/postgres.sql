-- 1. alter table "customer"
ALTER TABLE "customer" DROP CONSTRAINT "customer_code_key";
