-- 1. create picklist "country"
CREATE TABLE "country" (
  "name" text PRIMARY KEY,
  "label" text NOT NULL,
  "position" integer NOT NULL,
  "color" text,
  "retired" boolean NOT NULL DEFAULT false
);
INSERT INTO "country" ("name", "label", "position", "color", "retired") VALUES
  ('NO', 'Norway', 1, NULL, false),
  ('null', 'None at all', 2, NULL, false),
  ('1', 'One', 3, NULL, false),
  ('1.0', 'One again', 4, NULL, false),
  ('~', '~', 5, NULL, false);
