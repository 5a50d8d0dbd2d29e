-- 1. change options of picklist "status"
UPDATE "status" SET "retired" = 1 WHERE "name" = 'lost';
