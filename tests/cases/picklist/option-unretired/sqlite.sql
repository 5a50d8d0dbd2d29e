-- 1. change options of picklist "status"
UPDATE "status" SET "retired" = 0 WHERE "name" = 'lost';
