-- 1. keep values of table "customer"
LOCK TABLE "customer" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "fax" AS "was fax" FROM "customer" WHERE "fax" IS NOT NULL;

-- 2. alter table "customer"
ALTER TABLE "customer" DROP COLUMN "fax";
