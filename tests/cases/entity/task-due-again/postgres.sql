-- 1. task fill-region (after)
UPDATE "order" SET region = CASE substr(number, 1, 1) WHEN 'N' THEN 'north' ELSE 'south' END
WHERE region IS NULL;
