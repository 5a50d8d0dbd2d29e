-- 1. keep the rows of table "client"
LOCK TABLE "client" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id", "name", "phone" FROM "client";

-- 2. create table "customer"
CREATE TABLE "customer" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "name" character varying(40),
  "phone" character varying(20),
  CONSTRAINT "customer_pkey" PRIMARY KEY ("id")
);

-- 3. drop table "client"
DROP TABLE "client";
