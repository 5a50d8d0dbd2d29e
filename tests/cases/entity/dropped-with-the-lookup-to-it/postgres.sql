-- 1. keep values of table "order"
LOCK TABLE "order" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "customer" AS "was customer" FROM "order" WHERE "customer" IS NOT NULL;

-- 2. keep the rows of table "customer"
LOCK TABLE "customer" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_2" AS SELECT "id", "name" FROM "customer";

-- 3. alter table "order"
ALTER TABLE "order" DROP CONSTRAINT "order_customer_fkey";
ALTER TABLE "order" DROP COLUMN "customer";

-- 4. drop table "customer"
DROP TABLE "customer";
