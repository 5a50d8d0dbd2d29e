-- 1. drop table "fax"
DROP TABLE "fax";
