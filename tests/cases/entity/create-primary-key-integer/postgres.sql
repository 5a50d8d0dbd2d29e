-- 1. create table "branch"
CREATE TABLE "branch" (
  "number" integer NOT NULL,
  "city" character varying(80),
  CONSTRAINT "branch_pkey" PRIMARY KEY ("number")
);

-- 2. create table "employee"
CREATE TABLE "employee" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "name" character varying(80),
  "branch" integer NOT NULL,
  CONSTRAINT "employee_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "employee_branch_fkey" FOREIGN KEY ("branch") REFERENCES "branch" ("number") ON DELETE RESTRICT
);
