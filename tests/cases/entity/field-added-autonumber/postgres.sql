-- 1. alter table "customer"
CREATE SEQUENCE "customer_number_seq";
ALTER TABLE "customer" ADD COLUMN "number" text DEFAULT ('C-' || translate(format('%4s', nextval('"customer_number_seq"')), ' ', '0'));
ALTER SEQUENCE "customer_number_seq" OWNED BY "customer"."number";
COMMENT ON SEQUENCE "customer_number_seq" IS 'reconcile autonumber C-{seq:4}';
ALTER TABLE "customer" ADD CONSTRAINT "customer_number_key" UNIQUE ("number");
