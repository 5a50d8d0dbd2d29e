-- 1. add column "department" on table "employee"
ALTER TABLE "employee" ADD COLUMN "department" TEXT REFERENCES "department" ("id");

-- 2. add column "head" on table "department"
ALTER TABLE "department" ADD COLUMN "head" TEXT REFERENCES "employee" ("id") ON DELETE SET NULL;
