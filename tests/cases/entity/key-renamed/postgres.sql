-- 1. alter table "customer"
ALTER TABLE "customer" RENAME CONSTRAINT "customer_by-code_key" TO "customer_unique-code_key";
