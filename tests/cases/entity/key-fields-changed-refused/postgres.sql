-- 1. alter table "customer"
ALTER TABLE "customer" DROP CONSTRAINT "customer_by-code_key";
ALTER TABLE "customer" ADD CONSTRAINT "customer_by-code_key" UNIQUE ("code");
