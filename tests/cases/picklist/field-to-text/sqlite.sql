-- 1. rebuild table "order"
CREATE TABLE "_reconcile_old_order" AS SELECT "id", "status" FROM "order";
DROP TABLE "order";
CREATE TABLE "order" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "status" TEXT CHECK (length("status") <= 20)
) STRICT;
INSERT INTO "order" ("id", "status")
  SELECT "id", "status"
  FROM "_reconcile_old_order";
DROP TABLE "_reconcile_old_order";
