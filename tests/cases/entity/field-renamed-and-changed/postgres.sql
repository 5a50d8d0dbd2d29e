-- 1. keep values of table "customer"
LOCK TABLE "customer" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_no" AS "was no", "number" AS "now number" FROM (SELECT "id" AS "id", "no"::numeric::integer AS "number", "no" AS "_reconcile_from_no" FROM "customer") AS rows WHERE "_reconcile_from_no" IS DISTINCT FROM "number"::text;

-- 2. alter table "customer"
ALTER TABLE "customer" RENAME COLUMN "no" TO "number";
ALTER TABLE "customer" ALTER COLUMN "number" TYPE integer USING CASE WHEN (CASE WHEN char_length("number") <= 300 AND "number" COLLATE "C" ~ '^[ \t\n\r]*-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?[ \t\n\r]*$' THEN "number"::numeric = trunc("number"::numeric) AND "number"::numeric BETWEEN -2147483648 AND 2147483647 ELSE false END) THEN "number"::numeric::integer ELSE ('a value would not stay unchanged as integer' || left("number"::text, 0))::integer END;
ALTER TABLE "customer" ALTER COLUMN "number" SET NOT NULL;
ALTER TABLE "customer" ADD CONSTRAINT "customer_number_key" UNIQUE ("number");
