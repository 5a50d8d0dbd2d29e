-- 1. keep values of table "thing"
LOCK TABLE "thing" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_value" AS "was value", "value" AS "now value" FROM (SELECT "id" AS "id", convert_from("value", 'UTF8') AS "value", "value" AS "_reconcile_from_value" FROM "thing") AS rows WHERE ("_reconcile_from_value" IS NOT NULL OR "value" IS NOT NULL);

-- 2. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" DROP DEFAULT;
ALTER TABLE "thing" ALTER COLUMN "value" TYPE text USING convert_from("value", 'UTF8');
