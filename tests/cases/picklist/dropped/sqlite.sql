-- 1. drop table "status"
DROP TABLE "status";
