-- 1. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" TYPE boolean USING CASE WHEN (lower(btrim("value")) IN ('true', 'false', '1', '0')) THEN (lower(btrim("value")) IN ('true', '1')) ELSE ('a value would not stay unchanged as boolean' || left("value"::text, 0))::boolean END;
