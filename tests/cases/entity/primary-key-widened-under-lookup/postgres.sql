-- 1. alter table "part"
ALTER TABLE "order" DROP CONSTRAINT IF EXISTS "order_part_fkey";
ALTER TABLE "part" DROP CONSTRAINT "part_within_fkey";
ALTER TABLE "part" ALTER COLUMN "number" TYPE bigint;
ALTER TABLE "part" ALTER COLUMN "within" TYPE bigint;
ALTER TABLE "part" ADD CONSTRAINT "part_within_fkey" FOREIGN KEY ("within") REFERENCES "part" ("number");
ALTER TABLE "order" ALTER COLUMN "part" TYPE bigint;

-- 2. add references of table "order"
ALTER TABLE "order" ADD CONSTRAINT "order_part_fkey" FOREIGN KEY ("part") REFERENCES "part" ("number") ON DELETE CASCADE;
