-- 1. keep values of table "order"
LOCK TABLE "order" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_status" AS "was status" FROM (SELECT ctid AS "_reconcile_place", "id" AS "id", "subject" AS "subject", "id" AS "_reconcile_from_id", "subject" AS "_reconcile_from_subject", "status" AS "_reconcile_from_status" FROM "order") AS rows WHERE "_reconcile_from_status" IS NOT NULL;

-- 2. alter table "order"
ALTER TABLE "order" DROP COLUMN "status";

-- 3. drop picklist "status"
DROP TABLE "status";
