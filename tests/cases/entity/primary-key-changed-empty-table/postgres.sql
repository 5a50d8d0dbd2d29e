-- 1. alter table "country"
ALTER TABLE "country" DROP COLUMN "id";
ALTER TABLE "country" ADD CONSTRAINT "country_pkey" PRIMARY KEY ("code");
