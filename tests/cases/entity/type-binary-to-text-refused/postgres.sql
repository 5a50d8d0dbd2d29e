-- 1. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" DROP DEFAULT;
ALTER TABLE "thing" ALTER COLUMN "value" TYPE text USING convert_from("value", 'UTF8');
