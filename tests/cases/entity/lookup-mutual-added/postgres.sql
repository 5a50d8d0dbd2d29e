-- 1. alter table "employee"
ALTER TABLE "employee" ADD COLUMN "department" uuid;
ALTER TABLE "employee" ADD CONSTRAINT "employee_department_fkey" FOREIGN KEY ("department") REFERENCES "department" ("id");

-- 2. alter table "department"
ALTER TABLE "department" ADD COLUMN "head" uuid;
ALTER TABLE "department" ADD CONSTRAINT "department_head_fkey" FOREIGN KEY ("head") REFERENCES "employee" ("id") ON DELETE SET NULL;
