-- 1. alter table "customer"
ALTER TABLE "customer" ADD COLUMN "born" date;
