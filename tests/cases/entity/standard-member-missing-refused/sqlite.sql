-- 1. add column "rating" on table "account"
ALTER TABLE "account" ADD COLUMN "rating" INTEGER CHECK ("rating" BETWEEN -2147483648 AND 2147483647);
