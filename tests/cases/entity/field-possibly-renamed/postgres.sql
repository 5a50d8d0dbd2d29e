-- 1. keep values of table "customer"
LOCK TABLE "customer" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "phone" AS "was phone" FROM "customer" WHERE "phone" IS NOT NULL;

-- 2. alter table "customer"
ALTER TABLE "customer" DROP COLUMN "phone";
ALTER TABLE "customer" ADD COLUMN "mobile" character varying(20);
