-- 1. alter table "line"
ALTER TABLE "line" DROP CONSTRAINT "sold";
