-- 1. rename a column of table "customer"
ALTER TABLE "customer" RENAME COLUMN "name" TO "full_name";
