-- 1. keep values of table "country"
LOCK TABLE "country" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "code" AS "key code", "_reconcile_from_code" AS "was code", "code" AS "now code" FROM (SELECT "code"::text AS "code", "code" AS "_reconcile_from_code" FROM "country") AS rows WHERE ("_reconcile_from_code" IS NOT NULL OR "code" IS NOT NULL);

-- 2. alter table "country"
ALTER TABLE "country" ALTER COLUMN "code" TYPE text;
ALTER TABLE "country" ALTER COLUMN "name" TYPE text;
ALTER TABLE "country" ALTER COLUMN "name" SET NOT NULL;
ALTER TABLE "country" ALTER COLUMN "level" TYPE text;
ALTER TABLE "country" ALTER COLUMN "level" SET DEFAULT 'low';
ALTER TABLE "country" ADD CONSTRAINT "country_level_fkey" FOREIGN KEY ("level") REFERENCES "level" ("name") ON UPDATE CASCADE;
