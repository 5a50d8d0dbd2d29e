-- 1. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" TYPE boolean USING CASE WHEN ("value" IN (0, 1)) THEN ("value" = 1) ELSE ('a value would not stay unchanged as boolean' || left("value"::text, 0))::boolean END;
