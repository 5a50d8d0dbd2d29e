-- 1. keep values of table "account"
LOCK TABLE "account" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_region" AS "was region" FROM (SELECT ctid AS "_reconcile_place", "id" AS "id", "name" AS "name", "phone" AS "phone", "id" AS "_reconcile_from_id", "name" AS "_reconcile_from_name", "phone" AS "_reconcile_from_phone", "region" AS "_reconcile_from_region" FROM "account") AS rows WHERE "_reconcile_from_region" IS NOT NULL;

-- 2. alter table "account"
ALTER TABLE "account" DROP COLUMN "region";
