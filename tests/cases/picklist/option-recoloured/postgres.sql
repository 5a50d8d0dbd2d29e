-- 1. change options of picklist "status"
UPDATE "status" SET "color" = '#2b8a3e' WHERE "name" = 'open';
