-- 1. rebuild table "order"
CREATE TABLE "_reconcile_old_order" AS SELECT "id", "partner" FROM "order";
DROP TABLE "order";
CREATE TABLE "order" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "partner" TEXT REFERENCES "supplier" ("id")
) STRICT;
INSERT INTO "order" ("id", "partner")
  SELECT "id", CAST("partner" AS TEXT)
  FROM "_reconcile_old_order";
DROP TABLE "_reconcile_old_order";
