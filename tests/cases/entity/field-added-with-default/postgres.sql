-- 1. alter table "customer"
ALTER TABLE "customer" ADD COLUMN "level" character varying(10) DEFAULT 'new';
