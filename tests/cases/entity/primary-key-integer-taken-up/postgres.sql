-- 1. alter table "thing"
ALTER TABLE "thing" DROP CONSTRAINT "thing_pkey";
ALTER TABLE "thing" ALTER COLUMN "number" SET NOT NULL;
ALTER TABLE "thing" ALTER COLUMN "name" DROP NOT NULL;
ALTER TABLE "thing" ADD CONSTRAINT "thing_pkey" PRIMARY KEY ("number");
