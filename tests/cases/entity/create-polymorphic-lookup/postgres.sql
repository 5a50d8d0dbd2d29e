-- 1. create table "customer"
CREATE TABLE "customer" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "name" character varying(80),
  CONSTRAINT "customer_pkey" PRIMARY KEY ("id")
);

-- 2. create table "order"
CREATE TABLE "order" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "subject" character varying(80),
  CONSTRAINT "order_pkey" PRIMARY KEY ("id")
);

-- 3. create table "note"
CREATE TABLE "note" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "regarding_customer" uuid,
  "regarding_order" uuid,
  "body" text NOT NULL,
  CONSTRAINT "note_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "note_regarding_targets" CHECK (num_nonnulls("regarding_customer", "regarding_order") <= 1),
  CONSTRAINT "note_regarding_customer_fkey" FOREIGN KEY ("regarding_customer") REFERENCES "customer" ("id") ON DELETE CASCADE,
  CONSTRAINT "note_regarding_order_fkey" FOREIGN KEY ("regarding_order") REFERENCES "order" ("id") ON DELETE CASCADE
);
