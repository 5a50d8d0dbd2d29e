-- 1. keep values of table "thing"
LOCK TABLE "thing" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_code" AS "was code", "code" AS "now code" FROM (SELECT "id" AS "id", coalesce("code", ('none')::character varying(20)) AS "code", "code" AS "_reconcile_from_code" FROM "thing") AS rows WHERE NOT ("_reconcile_from_code" IS NOT DISTINCT FROM "code");

-- 2. alter table "thing"
UPDATE "thing" SET "code" = 'none' WHERE "code" IS NULL;
ALTER TABLE "thing" ALTER COLUMN "code" SET NOT NULL;
