-- 1. add column "points" on table "customer"
ALTER TABLE "customer" ADD COLUMN "points" INTEGER NOT NULL DEFAULT 10 CHECK ("points" BETWEEN -2147483648 AND 2147483647);
