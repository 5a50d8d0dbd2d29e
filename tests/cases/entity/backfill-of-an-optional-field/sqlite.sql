-- 1. rebuild table "thing"
CREATE TABLE "_reconcile_old_thing" AS SELECT "id", "size", "note" FROM "thing";
DROP TABLE "thing";
CREATE TABLE "thing" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "size" INTEGER NOT NULL CHECK ("size" BETWEEN -2147483648 AND 2147483647),
  "note" TEXT
) STRICT;
INSERT INTO "thing" ("id", "size", "note")
  SELECT "id", "size", "note"
  FROM "_reconcile_old_thing";
DROP TABLE "_reconcile_old_thing";
