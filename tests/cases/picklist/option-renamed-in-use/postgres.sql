-- 1. change options of picklist "status"
UPDATE "status" SET "name" = 'gone' WHERE "name" = 'lost';
UPDATE "status" SET "label" = 'Gone' WHERE "name" = 'gone';
