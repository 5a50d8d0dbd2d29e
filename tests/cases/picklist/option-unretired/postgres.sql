-- 1. change options of picklist "status"
UPDATE "status" SET "retired" = false WHERE "name" = 'lost';
