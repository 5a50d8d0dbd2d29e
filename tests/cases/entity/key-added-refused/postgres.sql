-- 1. alter table "customer"
ALTER TABLE "customer" ADD CONSTRAINT "customer_by-code_key" UNIQUE ("code");
