-- 1. alter table "customer"
ALTER TABLE "customer" DROP COLUMN "phone";
ALTER TABLE "customer" ADD COLUMN "mobile" character varying(20);
