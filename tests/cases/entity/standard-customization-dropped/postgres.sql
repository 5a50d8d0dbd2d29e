-- 1. keep values of table "account"
LOCK TABLE "account" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "region" AS "was region" FROM "account" WHERE "region" IS NOT NULL;

-- 2. alter table "account"
ALTER TABLE "account" DROP COLUMN "region";
