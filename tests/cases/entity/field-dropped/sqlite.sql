-- 1. drop column "fax" on table "customer"
ALTER TABLE "customer" DROP COLUMN "fax";
