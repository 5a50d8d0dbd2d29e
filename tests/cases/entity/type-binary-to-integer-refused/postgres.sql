-- 1. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" DROP DEFAULT;
ALTER TABLE "thing" ALTER COLUMN "value" TYPE integer USING CASE WHEN false THEN convert_from("value", 'UTF8')::numeric::integer ELSE ('a value would not stay unchanged as integer' || left("value"::text, 0))::integer END;
