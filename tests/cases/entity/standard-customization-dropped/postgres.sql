-- 1. alter table "account"
ALTER TABLE "account" DROP COLUMN "region";
