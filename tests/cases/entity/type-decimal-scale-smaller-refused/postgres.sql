-- 1. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" TYPE numeric(10,1) USING CASE WHEN "value" = round("value", 1) THEN "value"::numeric ELSE ('a value would not stay unchanged as numeric' || left("value"::text, 0))::numeric END;
