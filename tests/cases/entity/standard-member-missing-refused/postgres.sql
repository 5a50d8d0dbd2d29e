-- 1. alter table "account"
ALTER TABLE "account" ADD COLUMN "rating" integer;
