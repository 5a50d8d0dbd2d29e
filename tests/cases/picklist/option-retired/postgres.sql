-- 1. change options of picklist "status"
UPDATE "status" SET "retired" = true WHERE "name" = 'lost';
