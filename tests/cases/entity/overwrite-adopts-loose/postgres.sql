-- 1. alter table "country"
ALTER TABLE "country" ALTER COLUMN "code" TYPE text;
ALTER TABLE "country" ALTER COLUMN "name" TYPE text;
ALTER TABLE "country" ALTER COLUMN "name" SET NOT NULL;
ALTER TABLE "country" ALTER COLUMN "level" TYPE text;
ALTER TABLE "country" ALTER COLUMN "level" SET DEFAULT 'low';
ALTER TABLE "country" ADD CONSTRAINT "country_level_fkey" FOREIGN KEY ("level") REFERENCES "level" ("name") ON UPDATE CASCADE;
