-- 1. rebuild table "order"
CREATE TABLE "_reconcile_old_order" AS SELECT "id", "state", "note" FROM "order";
DROP TABLE "order";
CREATE TABLE "order" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "note" TEXT
) STRICT;
INSERT INTO "order" ("id", "note")
  SELECT "id", "note"
  FROM "_reconcile_old_order";
DROP TABLE "_reconcile_old_order";

-- 2. drop table "state"
DROP TABLE "state";

-- 3. rename table "ticket" to "state"
ALTER TABLE "ticket" RENAME TO "state";
