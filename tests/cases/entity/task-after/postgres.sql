-- 1. alter table "order"
ALTER TABLE "order" ADD COLUMN "region" character varying(20);

-- 2. task fill-region (after)
UPDATE "order" SET region = CASE substr(number, 1, 1) WHEN 'N' THEN 'north' ELSE 'south' END
WHERE region IS NULL;
