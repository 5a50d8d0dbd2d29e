-- 1. create picklist "country"
CREATE TABLE "country" (
  "name" TEXT NOT NULL PRIMARY KEY,
  "label" TEXT NOT NULL,
  "position" INTEGER NOT NULL,
  "color" TEXT,
  "retired" INTEGER NOT NULL DEFAULT 0 CHECK ("retired" IN (0, 1))
) STRICT;
INSERT INTO "country" ("name", "label", "position", "color", "retired") VALUES
  ('NO', 'Norway', 1, NULL, 0),
  ('null', 'None at all', 2, NULL, 0),
  ('1', 'One', 3, NULL, 0),
  ('1.0', 'One again', 4, NULL, 0),
  ('~', '~', 5, NULL, 0);
