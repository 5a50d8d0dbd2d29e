-- 1. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" TYPE date USING CASE WHEN ("value" AT TIME ZONE 'UTC') = date_trunc('day', "value" AT TIME ZONE 'UTC') THEN ("value" AT TIME ZONE 'UTC')::date ELSE ('a value would not stay unchanged as date' || left("value"::text, 0))::date END;
