-- 1. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" TYPE timestamp with time zone USING CASE WHEN (NOT isfinite("value") OR "value" <= date '294276-12-31') THEN ("value"::timestamp AT TIME ZONE 'UTC') ELSE ('a value would not stay unchanged as timestamp with time zone' || left("value"::text, 0))::timestamp with time zone END;
