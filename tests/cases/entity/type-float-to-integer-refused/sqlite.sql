-- 1. rebuild table "thing"
PRAGMA legacy_alter_table = ON;
CREATE TABLE "_reconcile_new_thing" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "value" INTEGER CHECK ("value" BETWEEN -2147483648 AND 2147483647)
) STRICT;
INSERT INTO "_reconcile_new_thing" ("id", "value")
  SELECT "id", CASE WHEN CAST("value" AS INTEGER) = "value" THEN CAST("value" AS INTEGER) ELSE "value" END
  FROM "thing";
DROP TABLE "thing";
ALTER TABLE "_reconcile_new_thing" RENAME TO "thing";
PRAGMA legacy_alter_table = OFF;
