-- 1. change options of picklist "status"
DELETE FROM "status" WHERE "name" = 'lost';
