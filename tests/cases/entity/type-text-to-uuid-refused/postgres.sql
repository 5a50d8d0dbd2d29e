-- 1. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" TYPE uuid USING CASE WHEN ("value" COLLATE "C" ~ '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$') THEN "value"::uuid ELSE ('a value would not stay unchanged as uuid' || left("value"::text, 0))::uuid END;
