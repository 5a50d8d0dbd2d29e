-- 1. keep values of table "customer"
LOCK TABLE "customer" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_fax" AS "was fax" FROM (SELECT ctid AS "_reconcile_place", "id" AS "id", "name" AS "name", "id" AS "_reconcile_from_id", "name" AS "_reconcile_from_name", "fax" AS "_reconcile_from_fax" FROM "customer") AS rows WHERE "_reconcile_from_fax" IS NOT NULL;

-- 2. alter table "customer"
ALTER TABLE "customer" DROP COLUMN "fax";
