-- 1. create table "invoice"
CREATE SEQUENCE "invoice_number_seq";
CREATE TABLE "invoice" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "number" text DEFAULT ('INV-' || translate(format('%5s', nextval('"invoice_number_seq"')), ' ', '0')),
  "subject" character varying(80),
  CONSTRAINT "invoice_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "invoice_number_key" UNIQUE ("number")
);
ALTER TABLE "invoice" ADD CONSTRAINT "invoice_by-number_key" UNIQUE ("number");
ALTER SEQUENCE "invoice_number_seq" OWNED BY "invoice"."number";
COMMENT ON SEQUENCE "invoice_number_seq" IS 'reconcile autonumber INV-{seq:5}';
