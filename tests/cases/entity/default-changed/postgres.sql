-- 1. alter table "customer"
ALTER TABLE "customer" ALTER COLUMN "code" SET DEFAULT 'b';
