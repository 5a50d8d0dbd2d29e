-- 1. alter table "thing"
ALTER TABLE "thing" DROP CONSTRAINT "thing_pkey";
ALTER TABLE "thing" ADD COLUMN "id" uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE "thing" ALTER COLUMN "code" DROP NOT NULL;
ALTER TABLE "thing" ADD CONSTRAINT "thing_pkey" PRIMARY KEY ("id");
