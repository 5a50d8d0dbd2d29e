-- 1. rebuild table "customer"
CREATE TABLE "_reconcile_old_customer" AS SELECT "id", "name" FROM "customer";
DROP TABLE "customer";
CREATE TABLE "customer" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT CHECK (length("name") <= 40),
  "seen_at" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CHECK ("seen_at" IS NULL OR (date(substr("seen_at", 1, 10)) IS substr("seen_at", 1, 10) AND datetime("seen_at") IS NOT NULL))
) STRICT;
INSERT INTO "customer" ("id", "name", "seen_at")
  SELECT "id", "name", (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
  FROM "_reconcile_old_customer";
DROP TABLE "_reconcile_old_customer";
