-- 1. alter table "customer"
ALTER TABLE "customer" ADD CONSTRAINT "customer_code_check" CHECK (code = 'a');
