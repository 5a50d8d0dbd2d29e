-- 1. rebuild table "category"
PRAGMA legacy_alter_table = ON;
CREATE TABLE "_reconcile_new_category" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT NOT NULL CHECK (length("name") <= 40),
  "parent" TEXT REFERENCES "category" ("id") ON DELETE SET NULL,
  "root" TEXT REFERENCES "category" ("id") ON DELETE SET NULL
) STRICT;
INSERT INTO "_reconcile_new_category" ("id", "name", "parent", "root")
  SELECT "id", "name", CAST("parent" AS TEXT), NULL
  FROM "category";
DROP TABLE "category";
ALTER TABLE "_reconcile_new_category" RENAME TO "category";
PRAGMA legacy_alter_table = OFF;
