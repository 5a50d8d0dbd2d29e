-- 1. create picklist "order-status"
CREATE TABLE "order-status" (
  "name" text PRIMARY KEY,
  "label" text NOT NULL,
  "position" integer NOT NULL,
  "color" text,
  "retired" boolean NOT NULL DEFAULT false
);
INSERT INTO "order-status" ("name", "label", "position", "color", "retired") VALUES
  ('draft', 'draft', 1, NULL, false),
  ('open', 'Open', 2, '#2b8a3e', false),
  ('shipped', 'Shipped', 3, NULL, false),
  ('lost', 'Lost', 4, NULL, true);
