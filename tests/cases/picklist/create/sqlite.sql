-- 1. create picklist "order-status"
CREATE TABLE "order-status" (
  "name" TEXT NOT NULL PRIMARY KEY,
  "label" TEXT NOT NULL,
  "position" INTEGER NOT NULL,
  "color" TEXT,
  "retired" INTEGER NOT NULL DEFAULT 0 CHECK ("retired" IN (0, 1))
) STRICT;
INSERT INTO "order-status" ("name", "label", "position", "color", "retired") VALUES
  ('draft', 'draft', 1, NULL, 0),
  ('open', 'Open', 2, '#2b8a3e', 0),
  ('shipped', 'Shipped', 3, NULL, 0),
  ('lost', 'Lost', 4, NULL, 1);
