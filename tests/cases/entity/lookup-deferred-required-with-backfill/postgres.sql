-- 1. keep values of table "order"
LOCK TABLE "order" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "number" AS "key number", "_reconcile_from_customer" AS "was customer", "customer" AS "now customer" FROM (SELECT "number" AS "number", coalesce("customer", ('2')::integer) AS "customer", "customer" AS "_reconcile_from_customer" FROM "order") AS rows WHERE NOT ("_reconcile_from_customer" IS NOT DISTINCT FROM "customer");

-- 2. alter table "order"
UPDATE "order" SET "customer" = '2' WHERE "customer" IS NULL;
ALTER TABLE "order" ALTER COLUMN "customer" SET NOT NULL;
