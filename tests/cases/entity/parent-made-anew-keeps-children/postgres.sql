-- 1. alter table "customer"
ALTER TABLE "customer" ALTER COLUMN "name" TYPE character varying(80);
ALTER TABLE "customer" ALTER COLUMN "name" SET NOT NULL;
