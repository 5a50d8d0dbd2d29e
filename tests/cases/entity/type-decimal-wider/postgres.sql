-- 1. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" TYPE numeric(12,4);
