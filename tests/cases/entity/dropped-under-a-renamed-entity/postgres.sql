-- 1. keep values of table "order"
LOCK TABLE "order" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_customer" AS "was customer", "customer" AS "now customer" FROM (SELECT "id" AS "id", "customer"::text AS "customer", "customer" AS "_reconcile_from_customer" FROM "order") AS rows WHERE ("_reconcile_from_customer" IS NOT NULL OR "customer" IS NOT NULL);

-- 2. keep the rows of table "customer"
LOCK TABLE "customer" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_2" AS SELECT "id", "name" FROM "customer";

-- 3. rename table "order" to "purchase"
ALTER TABLE "order" RENAME TO "purchase";
ALTER TABLE "purchase" DROP CONSTRAINT "order_customer_fkey";
ALTER TABLE "purchase" RENAME CONSTRAINT "order_pkey" TO "purchase_pkey";
ALTER TABLE "purchase" ALTER COLUMN "customer" TYPE character varying(36);

-- 4. drop table "customer"
DROP TABLE "customer";
