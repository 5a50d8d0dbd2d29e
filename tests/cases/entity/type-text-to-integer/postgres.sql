-- 1. keep values of table "thing"
LOCK TABLE "thing" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_value" AS "was value", "value" AS "now value" FROM (SELECT "id" AS "id", "value"::numeric::integer AS "value", "value" AS "_reconcile_from_value" FROM "thing") AS rows WHERE "_reconcile_from_value" IS DISTINCT FROM "value"::text;

-- 2. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" TYPE integer USING CASE WHEN (CASE WHEN char_length("value") <= 300 AND "value" COLLATE "C" ~ '^[ \t\n\r]*-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?[ \t\n\r]*$' THEN "value"::numeric = trunc("value"::numeric) AND "value"::numeric BETWEEN -2147483648 AND 2147483647 ELSE false END) THEN "value"::numeric::integer ELSE ('a value would not stay unchanged as integer' || left("value"::text, 0))::integer END;
