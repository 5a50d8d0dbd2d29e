-- 1. rebuild table "category"
CREATE TABLE "_reconcile_old_category" AS SELECT "id", "name", "parent" FROM "category";
DROP TABLE "category";
CREATE TABLE "category" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT NOT NULL CHECK (length("name") <= 40),
  "parent" TEXT REFERENCES "category" ("id") ON DELETE SET NULL,
  "root" TEXT REFERENCES "category" ("id") ON DELETE SET NULL
) STRICT;
INSERT INTO "category" ("id", "name", "parent", "root")
  SELECT "id", "name", CAST("parent" AS TEXT), NULL
  FROM "_reconcile_old_category";
DROP TABLE "_reconcile_old_category";
