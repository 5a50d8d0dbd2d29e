-- 1. create table "category"
CREATE TABLE "category" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "name" character varying(80) NOT NULL,
  "parent" uuid,
  CONSTRAINT "category_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "category_parent_fkey" FOREIGN KEY ("parent") REFERENCES "category" ("id") ON DELETE SET NULL
);
