-- 1. keep values of table "thing"
LOCK TABLE "thing" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_value" AS "was value", "value" AS "now value" FROM (SELECT "id" AS "id", (lower(btrim("value")) IN ('true', '1')) AS "value", "value" AS "_reconcile_from_value" FROM "thing") AS rows WHERE "_reconcile_from_value" IS DISTINCT FROM "value"::text;

-- 2. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" TYPE boolean USING CASE WHEN (lower(btrim("value")) IN ('true', 'false', '1', '0')) THEN (lower(btrim("value")) IN ('true', '1')) ELSE ('a value would not stay unchanged as boolean' || left("value"::text, 0))::boolean END;
