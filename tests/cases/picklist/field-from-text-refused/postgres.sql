-- 1. create picklist "status"
CREATE TABLE "status" (
  "name" text PRIMARY KEY,
  "label" text NOT NULL,
  "position" integer NOT NULL,
  "color" text,
  "retired" boolean NOT NULL DEFAULT false
);
INSERT INTO "status" ("name", "label", "position", "color", "retired") VALUES
  ('open', 'Open', 1, NULL, false),
  ('paid', 'Paid', 2, NULL, false);

-- 2. alter table "order"
ALTER TABLE "order" ALTER COLUMN "status" TYPE text;
ALTER TABLE "order" ADD CONSTRAINT "order_status_fkey" FOREIGN KEY ("status") REFERENCES "status" ("name") ON UPDATE CASCADE;
