-- 1. alter table "category"
ALTER TABLE "category" DROP CONSTRAINT "category_parent_fkey";
ALTER TABLE "category" ALTER COLUMN "name" SET NOT NULL;
ALTER TABLE "category" ADD COLUMN "root" uuid;
ALTER TABLE "category" ADD CONSTRAINT "category_parent_fkey" FOREIGN KEY ("parent") REFERENCES "category" ("id") ON DELETE SET NULL;
ALTER TABLE "category" ADD CONSTRAINT "category_root_fkey" FOREIGN KEY ("root") REFERENCES "category" ("id") ON DELETE SET NULL;
