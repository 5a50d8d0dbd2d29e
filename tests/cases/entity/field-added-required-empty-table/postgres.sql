-- 1. alter table "customer"
ALTER TABLE "customer" ADD COLUMN "code" character varying(10) NOT NULL;
