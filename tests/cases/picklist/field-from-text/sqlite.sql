-- 1. create picklist "status"
CREATE TABLE "status" (
  "name" TEXT NOT NULL PRIMARY KEY,
  "label" TEXT NOT NULL,
  "position" INTEGER NOT NULL,
  "color" TEXT,
  "retired" INTEGER NOT NULL DEFAULT 0 CHECK ("retired" IN (0, 1))
) STRICT;
INSERT INTO "status" ("name", "label", "position", "color", "retired") VALUES
  ('open', 'Open', 1, NULL, 0),
  ('paid', 'Paid', 2, NULL, 0),
  ('lost', 'Lost', 3, NULL, 0);

-- 2. rebuild table "order"
CREATE TABLE "_reconcile_old_order" AS SELECT "id", "status" FROM "order";
DROP TABLE "order";
CREATE TABLE "order" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "status" TEXT REFERENCES "status" ("name") ON UPDATE CASCADE
) STRICT;
INSERT INTO "order" ("id", "status")
  SELECT "id", "status"
  FROM "_reconcile_old_order";
DROP TABLE "_reconcile_old_order";
