-- 1. keep values of table "order"
LOCK TABLE "order" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_customer" AS "was customer", "customer" AS "now customer" FROM (SELECT "id" AS "id", "customer"::uuid AS "customer", "customer" AS "_reconcile_from_customer" FROM "order") AS rows WHERE "_reconcile_from_customer" IS DISTINCT FROM "customer"::text;

-- 2. alter table "order"
ALTER TABLE "order" ALTER COLUMN "customer" TYPE uuid USING CASE WHEN ("customer" COLLATE "C" ~ '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$') THEN "customer"::uuid ELSE ('a value would not stay unchanged as uuid' || left("customer"::text, 0))::uuid END;
ALTER TABLE "order" ADD CONSTRAINT "order_customer_fkey" FOREIGN KEY ("customer") REFERENCES "customer" ("id");
