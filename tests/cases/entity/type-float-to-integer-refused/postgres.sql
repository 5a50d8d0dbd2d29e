-- 1. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" TYPE integer USING CASE WHEN "value" = trunc("value") THEN "value"::integer ELSE ('a value would not stay unchanged as integer' || left("value"::text, 0))::integer END;
