-- 1. alter table "order"
ALTER TABLE "order" ADD COLUMN "note" character varying(80);

-- 2. task fill-region (after)
UPDATE "order" SET region = CASE substr(number, 1, 1) WHEN 'N' THEN 'north' ELSE 'rest' END
WHERE region IS NULL;
