-- 1. create table "order-line"
CREATE TABLE "order-line" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "amount" integer,
  CONSTRAINT "order-line_pkey" PRIMARY KEY ("id")
);

-- 2. create table "person"
CREATE TABLE "person" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "name" text,
  CONSTRAINT "person_pkey" PRIMARY KEY ("id")
);

-- 3. create picklist "state"
CREATE TABLE "state" (
  "name" text PRIMARY KEY,
  "label" text NOT NULL,
  "position" integer NOT NULL,
  "color" text,
  "retired" boolean NOT NULL DEFAULT false
);
INSERT INTO "state" ("name", "label", "position", "color", "retired") VALUES
  ('open', 'open', 1, NULL, false),
  ('done', 'done', 2, NULL, false);

-- 4. create table "order"
CREATE TABLE "order" (
  "year" integer NOT NULL,
  "number" character varying(5) NOT NULL,
  "note" text,
  "state" text,
  "parent" uuid,
  "regarding_order-line" uuid,
  "regarding_person" uuid,
  CONSTRAINT "order_pkey" PRIMARY KEY ("year", "number"),
  CONSTRAINT "order_state_fkey" FOREIGN KEY ("state") REFERENCES "state" ("name") ON UPDATE CASCADE,
  CONSTRAINT "order_parent_fkey" FOREIGN KEY ("parent") REFERENCES "order-line" ("id"),
  CONSTRAINT "order_regarding_targets" CHECK (num_nonnulls("regarding_order-line", "regarding_person") <= 1),
  CONSTRAINT "order_regarding_order-line_fkey" FOREIGN KEY ("regarding_order-line") REFERENCES "order-line" ("id"),
  CONSTRAINT "order_regarding_person_fkey" FOREIGN KEY ("regarding_person") REFERENCES "person" ("id")
);
