-- 1. add column "level" on table "customer"
ALTER TABLE "customer" ADD COLUMN "level" TEXT DEFAULT 'new' CHECK (length("level") <= 10);
