-- 1. drop picklist "status"
DROP TABLE "status";
