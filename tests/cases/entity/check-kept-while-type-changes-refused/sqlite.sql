-- 1. rebuild table "thing"
CREATE TABLE "_reconcile_old_thing" AS SELECT "id", "value" FROM "thing";
DROP TABLE "thing";
CREATE TABLE "thing" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "value" TEXT CHECK ("value" IS NULL OR (date(substr("value", 1, 10)) IS substr("value", 1, 10) AND datetime("value") IS NOT NULL)),
  CONSTRAINT "is-short" CHECK (length(value) < 12)
) STRICT;
INSERT INTO "thing" ("id", "value")
  SELECT "id", "value" || 'T00:00:00Z'
  FROM "_reconcile_old_thing";
DROP TABLE "_reconcile_old_thing";
