-- 1. alter table "part"
ALTER TABLE "part" DROP CONSTRAINT "part_pkey";
ALTER TABLE "part" ADD COLUMN "id" uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE "part" ALTER COLUMN "code" DROP NOT NULL;
ALTER TABLE "part" ADD CONSTRAINT "part_pkey" PRIMARY KEY ("id");
