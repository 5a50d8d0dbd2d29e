-- 1. alter table "customer"
ALTER TABLE "customer" DROP COLUMN "fax";
