-- 1. rebuild table "thing"
CREATE TABLE "_reconcile_old_thing" AS SELECT "id", "value" FROM "thing";
DROP TABLE "thing";
CREATE TABLE "thing" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "value" INTEGER CHECK ("value" BETWEEN -2147483648 AND 2147483647)
) STRICT;
INSERT INTO "thing" ("id", "value")
  SELECT "id", CASE WHEN 0 THEN CAST("value" AS INTEGER) ELSE "value" END
  FROM "_reconcile_old_thing";
DROP TABLE "_reconcile_old_thing";
