-- 1. alter table "customer"
COMMENT ON TABLE "customer" IS 'Somebody who buys';
COMMENT ON COLUMN "customer"."name" IS 'As on the invoice';
