-- 1. keep values of table "order"
LOCK TABLE "order" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_customer" AS "was customer" FROM (SELECT ctid AS "_reconcile_place", "id" AS "id", "subject" AS "subject", "id" AS "_reconcile_from_id", "subject" AS "_reconcile_from_subject", "customer" AS "_reconcile_from_customer" FROM "order") AS rows WHERE "_reconcile_from_customer" IS NOT NULL;

-- 2. keep the rows of table "customer"
LOCK TABLE "customer" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_2" AS SELECT "id" AS "id", "name" AS "name" FROM "customer";

-- 3. alter table "order"
ALTER TABLE "order" DROP COLUMN "customer";

-- 4. drop table "customer"
DROP TABLE "customer";
