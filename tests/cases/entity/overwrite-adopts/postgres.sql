-- 1. keep values of table "country"
LOCK TABLE "country" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "code" AS "key code", "fax" AS "was fax" FROM "country" WHERE "fax" IS NOT NULL;

-- 2. alter table "country"
ALTER TABLE "country" DROP COLUMN "fax";
ALTER TABLE "country" ALTER COLUMN "name" SET NOT NULL;
ALTER TABLE "country" ADD COLUMN "level" text DEFAULT 'low';
ALTER TABLE "country" ADD CONSTRAINT "country_level_fkey" FOREIGN KEY ("level") REFERENCES "level" ("name") ON UPDATE CASCADE;
