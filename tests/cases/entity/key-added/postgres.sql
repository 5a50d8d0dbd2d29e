-- 1. alter table "customer"
ALTER TABLE "customer" ADD CONSTRAINT "customer_by-code-name_key" UNIQUE ("code", "name");
