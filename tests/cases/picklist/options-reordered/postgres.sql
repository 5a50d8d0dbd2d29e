-- 1. change options of picklist "status"
UPDATE "status" SET "position" = 1 WHERE "name" = 'lost';
UPDATE "status" SET "position" = 2 WHERE "name" = 'open';
UPDATE "status" SET "position" = 3 WHERE "name" = 'paid';
