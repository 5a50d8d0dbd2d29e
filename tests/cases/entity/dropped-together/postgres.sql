-- 1. drop table "order-line"
DROP TABLE "order-line";

-- 2. drop table "order"
DROP TABLE "order";
