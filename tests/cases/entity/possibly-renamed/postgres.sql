-- 1. create table "customer"
CREATE TABLE "customer" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "name" character varying(40),
  "phone" character varying(20),
  CONSTRAINT "customer_pkey" PRIMARY KEY ("id")
);

-- 2. drop table "client"
DROP TABLE "client";
