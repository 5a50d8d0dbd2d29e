-- 1. keep values of table "thing"
LOCK TABLE "thing" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_value" AS "was value", "value" AS "now value" FROM (SELECT "id" AS "id", "value"::double precision AS "value", "value" AS "_reconcile_from_value" FROM "thing") AS rows WHERE "_reconcile_from_value" IS DISTINCT FROM "value"::text;

-- 2. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" TYPE double precision USING CASE WHEN (CASE WHEN char_length("value") <= 300 AND "value" COLLATE "C" ~ '^[ \t\n\r]*-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?[ \t\n\r]*$' THEN (CASE WHEN "value"::numeric = 0 THEN true WHEN abs("value"::numeric) BETWEEN 1e-307 AND 1.7e308 THEN "value"::numeric::double precision::text::numeric = "value"::numeric ELSE false END) ELSE false END) THEN "value"::double precision ELSE ('a value would not stay unchanged as double precision' || left("value"::text, 0))::double precision END;
