-- 1. change options of picklist "status"
UPDATE "status" SET "name" = CASE "name" WHEN 'lost' THEN 'gone' END WHERE "name" IN ('lost');
UPDATE "order" SET "status" = CASE "status" WHEN 'lost' THEN 'gone' END WHERE "status" IN ('lost');
UPDATE "status" SET "label" = 'Gone' WHERE "name" = 'gone';
