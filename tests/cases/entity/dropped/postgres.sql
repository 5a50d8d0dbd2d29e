-- 1. keep the rows of table "fax"
LOCK TABLE "fax" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id", "sender" FROM "fax";

-- 2. drop table "fax"
DROP TABLE "fax";
