-- 1. alter table "customer"
ALTER TABLE "customer" ADD COLUMN "country" character varying(2) NOT NULL DEFAULT 'DE';
ALTER TABLE "customer" ALTER COLUMN "country" DROP DEFAULT;
