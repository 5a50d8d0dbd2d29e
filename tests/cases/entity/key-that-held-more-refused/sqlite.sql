-- 1. rebuild table "tally"
CREATE TABLE "_reconcile_old_tally" AS SELECT "number" FROM "tally";
DROP TABLE "tally";
CREATE TABLE "tally" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "number" INTEGER CHECK ("number" BETWEEN -2147483648 AND 2147483647)
) STRICT;
INSERT INTO "tally" ("id", "number")
  SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), "number"
  FROM "_reconcile_old_tally";
DROP TABLE "_reconcile_old_tally";
