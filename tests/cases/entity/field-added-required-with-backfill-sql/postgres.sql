-- 1. alter table "customer"
ALTER TABLE "customer" ADD COLUMN "code" character varying(40);
UPDATE "customer" SET "code" = (upper(name));
ALTER TABLE "customer" ALTER COLUMN "code" SET NOT NULL;
ALTER TABLE "customer" ADD CONSTRAINT "customer_code_key" UNIQUE ("code");
