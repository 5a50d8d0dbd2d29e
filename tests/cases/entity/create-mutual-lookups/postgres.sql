-- 1. create table "employee"
CREATE TABLE "employee" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "name" character varying(80) NOT NULL,
  "department" uuid NOT NULL,
  CONSTRAINT "employee_pkey" PRIMARY KEY ("id")
);

-- 2. create table "department"
CREATE TABLE "department" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "name" character varying(80) NOT NULL,
  "head" uuid,
  CONSTRAINT "department_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "department_head_fkey" FOREIGN KEY ("head") REFERENCES "employee" ("id") ON DELETE SET NULL
);

-- 3. add references of table "employee"
ALTER TABLE "employee" ADD CONSTRAINT "employee_department_fkey" FOREIGN KEY ("department") REFERENCES "department" ("id");
