-- 1. keep values of table "country"
LOCK TABLE "country" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "code" AS "key code", "id" AS "was id" FROM "country" WHERE "id" IS NOT NULL;

-- 2. alter table "country"
ALTER TABLE "country" DROP COLUMN "id";
ALTER TABLE "country" ADD CONSTRAINT "country_pkey" PRIMARY KEY ("code");
