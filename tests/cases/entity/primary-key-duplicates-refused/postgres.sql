-- 1. keep values of table "country"
LOCK TABLE "country" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "code" AS "key code", "_reconcile_from_id" AS "was id" FROM (SELECT ctid AS "_reconcile_place", "code" AS "code", "name" AS "name", "id" AS "_reconcile_from_id", "code" AS "_reconcile_from_code", "name" AS "_reconcile_from_name" FROM "country") AS rows WHERE "_reconcile_from_id" IS NOT NULL;

-- 2. alter table "country"
ALTER TABLE "country" DROP COLUMN "id";
ALTER TABLE "country" ADD CONSTRAINT "country_pkey" PRIMARY KEY ("code");
