-- 1. keep values of table "order"
LOCK TABLE "order" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_customer" AS "was customer", "customer" AS "now customer" FROM (SELECT "id" AS "id", "customer"::numeric::integer AS "customer", "customer" AS "_reconcile_from_customer" FROM "order") AS rows WHERE "_reconcile_from_customer" IS DISTINCT FROM "customer"::text;

-- 2. alter table "order"
ALTER TABLE "order" ALTER COLUMN "customer" TYPE integer USING CASE WHEN (CASE WHEN char_length("customer") <= 300 AND "customer" COLLATE "C" ~ '^[ \t\n\r]*-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?[ \t\n\r]*$' THEN "customer"::numeric = trunc("customer"::numeric) AND "customer"::numeric BETWEEN -2147483648 AND 2147483647 ELSE false END) THEN "customer"::numeric::integer ELSE ('a value would not stay unchanged as integer' || left("customer"::text, 0))::integer END;
ALTER TABLE "order" ADD CONSTRAINT "order_customer_fkey" FOREIGN KEY ("customer") REFERENCES "customer" ("number");
