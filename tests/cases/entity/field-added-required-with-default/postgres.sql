-- 1. alter table "customer"
ALTER TABLE "customer" ADD COLUMN "points" integer NOT NULL DEFAULT 10;
