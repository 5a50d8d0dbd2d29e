-- 1. alter table "order"
ALTER TABLE "order" DROP COLUMN "status";

-- 2. drop picklist "status"
DROP TABLE "status";
