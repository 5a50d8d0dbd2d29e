-- 1. keep values of table "thing"
LOCK TABLE "thing" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_value" AS "was value", "value" AS "now value" FROM (SELECT "id" AS "id", "value"::uuid AS "value", "value" AS "_reconcile_from_value" FROM "thing") AS rows WHERE "_reconcile_from_value" IS DISTINCT FROM "value"::text;

-- 2. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" TYPE uuid USING CASE WHEN ("value" COLLATE "C" ~ '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$') THEN "value"::uuid ELSE ('a value would not stay unchanged as uuid' || left("value"::text, 0))::uuid END;
