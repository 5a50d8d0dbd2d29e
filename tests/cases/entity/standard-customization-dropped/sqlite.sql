-- 1. drop column "region" on table "account"
DROP INDEX "account.by-region";
ALTER TABLE "account" DROP COLUMN "region";
