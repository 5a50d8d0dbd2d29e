-- 1. alter table "customer"
ALTER TABLE "customer" ADD COLUMN "external_id" uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE "customer" ADD CONSTRAINT "customer_external_id_key" UNIQUE ("external_id");
