-- 1. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" TYPE character varying(40);
