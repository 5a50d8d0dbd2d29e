-- 1. keep values of table "customer"
LOCK TABLE "customer" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_phone" AS "was phone" FROM (SELECT ctid AS "_reconcile_place", "id" AS "id", "name" AS "name", NULL::character varying(20) AS "mobile", "id" AS "_reconcile_from_id", "name" AS "_reconcile_from_name", "phone" AS "_reconcile_from_phone" FROM "customer") AS rows WHERE "_reconcile_from_phone" IS NOT NULL;

-- 2. alter table "customer"
ALTER TABLE "customer" DROP COLUMN "phone";
ALTER TABLE "customer" ADD COLUMN "mobile" character varying(20);
