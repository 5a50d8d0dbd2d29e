-- 1. keep values of table "customer"
LOCK TABLE "customer" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_code" AS "was code", "code" AS "now code" FROM (SELECT "id" AS "id", coalesce("code", ('none')::character varying(10)) AS "code", "code" AS "_reconcile_from_code" FROM "customer") AS rows WHERE NOT ("_reconcile_from_code" IS NOT DISTINCT FROM "code");

-- 2. alter table "customer"
UPDATE "customer" SET "code" = 'none' WHERE "code" IS NULL;
ALTER TABLE "customer" ALTER COLUMN "code" SET NOT NULL;
