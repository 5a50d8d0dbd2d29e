-- 1. add column "mobile", drop column "phone" on table "customer"
ALTER TABLE "customer" ADD COLUMN "mobile" TEXT CHECK (length("mobile") <= 20);
ALTER TABLE "customer" DROP COLUMN "phone";
