-- 1. change options of picklist "status"
DELETE FROM "status" WHERE "name" = 'paid';
UPDATE "status" SET "position" = 1 WHERE "name" = 'open';
UPDATE "status" SET "position" = 2 WHERE "name" = 'lost';
