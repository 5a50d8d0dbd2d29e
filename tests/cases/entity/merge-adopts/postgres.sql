-- 1. alter table "country"
ALTER TABLE "country" ALTER COLUMN "name" SET NOT NULL;
ALTER TABLE "country" ADD COLUMN "level" text DEFAULT 'low';
ALTER TABLE "country" ADD CONSTRAINT "country_level_fkey" FOREIGN KEY ("level") REFERENCES "level" ("name") ON UPDATE CASCADE;
