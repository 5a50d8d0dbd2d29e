-- 1. keep values of table "order"
LOCK TABLE "order" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "status" AS "was status" FROM "order" WHERE "status" IS NOT NULL;

-- 2. alter table "order"
ALTER TABLE "order" DROP CONSTRAINT "order_status_fkey";
ALTER TABLE "order" DROP COLUMN "status";

-- 3. drop picklist "status"
DROP TABLE "status";
