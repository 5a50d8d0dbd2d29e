-- 1. keep values of table "order"
LOCK TABLE "order" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_customer" AS "was customer", "customer" AS "now customer" FROM (SELECT "id" AS "id", "customer"::text::numeric AS "customer", "customer" AS "_reconcile_from_customer" FROM "order") AS rows WHERE ("_reconcile_from_customer" IS NOT NULL OR "customer" IS NOT NULL);

-- 2. alter table "order"
ALTER TABLE "order" DROP CONSTRAINT "order_customer_fkey";
ALTER TABLE "order" ALTER COLUMN "customer" TYPE numeric(12,2) USING CASE WHEN (CASE WHEN char_length("customer"::text) <= 300 AND "customer"::text COLLATE "C" ~ '^[ \t\n\r]*-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?[ \t\n\r]*$' THEN ("customer"::text::numeric = round("customer"::text::numeric, 2) AND abs("customer"::text::numeric) < 1e10) ELSE false END) THEN "customer"::text::numeric ELSE ('a value would not stay unchanged as numeric' || left("customer"::text, 0))::numeric END;
