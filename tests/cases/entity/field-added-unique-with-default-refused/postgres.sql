-- 1. alter table "customer"
ALTER TABLE "customer" ADD COLUMN "code" character varying(10) DEFAULT 'none';
ALTER TABLE "customer" ADD CONSTRAINT "customer_code_key" UNIQUE ("code");
