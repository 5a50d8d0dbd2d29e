-- 1. keep values of table "country"
LOCK TABLE "country" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "code" AS "key code", "_reconcile_from_code" AS "was code", "code" AS "now code" FROM (SELECT ctid AS "_reconcile_place", "code"::text::text AS "code", "name"::text AS "name", "level"::text AS "level", "code" AS "_reconcile_from_code", "name" AS "_reconcile_from_name", "level" AS "_reconcile_from_level" FROM "country") AS rows WHERE ("_reconcile_from_code" IS NOT NULL OR "code" IS NOT NULL);

-- 2. alter table "country"
ALTER TABLE "country" ALTER COLUMN "code" TYPE text;
ALTER TABLE "country" ALTER COLUMN "name" TYPE text;
ALTER TABLE "country" ALTER COLUMN "name" SET NOT NULL;
ALTER TABLE "country" ALTER COLUMN "level" TYPE text;
ALTER TABLE "country" ALTER COLUMN "level" SET DEFAULT 'low';
ALTER TABLE "country" ADD CONSTRAINT "country_level_fkey" FOREIGN KEY ("level") REFERENCES "level" ("name") ON UPDATE CASCADE;
