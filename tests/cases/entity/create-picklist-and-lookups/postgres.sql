-- 1. create table "customer"
CREATE TABLE "customer" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "name" character varying(80) NOT NULL,
  CONSTRAINT "customer_pkey" PRIMARY KEY ("id")
);

-- 2. create picklist "level"
CREATE TABLE "level" (
  "name" text PRIMARY KEY,
  "label" text NOT NULL,
  "position" integer NOT NULL,
  "color" text,
  "retired" boolean NOT NULL DEFAULT false
);
INSERT INTO "level" ("name", "label", "position", "color", "retired") VALUES
  ('low', 'Low', 1, NULL, false),
  ('high', 'High', 2, NULL, false);

-- 3. create table "ticket"
CREATE TABLE "ticket" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "level" text NOT NULL DEFAULT 'low',
  "customer" uuid NOT NULL,
  "reporter" uuid,
  "owner" uuid,
  CONSTRAINT "ticket_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "ticket_level_fkey" FOREIGN KEY ("level") REFERENCES "level" ("name") ON UPDATE CASCADE,
  CONSTRAINT "ticket_customer_fkey" FOREIGN KEY ("customer") REFERENCES "customer" ("id"),
  CONSTRAINT "ticket_reporter_fkey" FOREIGN KEY ("reporter") REFERENCES "customer" ("id") ON DELETE SET NULL,
  CONSTRAINT "ticket_owner_fkey" FOREIGN KEY ("owner") REFERENCES "customer" ("id") ON DELETE CASCADE
);
