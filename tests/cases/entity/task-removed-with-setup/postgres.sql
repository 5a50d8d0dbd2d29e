-- 1. drop table "order"
DROP TABLE "order";
