-- 1. keep the rows of table "order-line"
LOCK TABLE "order-line" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id", "order" FROM "order-line";

-- 2. keep the rows of table "order"
LOCK TABLE "order" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_2" AS SELECT "id", "subject" FROM "order";

-- 3. drop table "order-line"
DROP TABLE "order-line";

-- 4. drop table "order"
DROP TABLE "order";
