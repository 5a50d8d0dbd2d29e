-- 1. rebuild table "customer"
PRAGMA legacy_alter_table = ON;
CREATE TABLE "_reconcile_new_customer" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT CHECK (length("name") <= 40),
  "seen_at" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) CHECK ("seen_at" IS NULL OR (date(substr("seen_at", 1, 10)) IS substr("seen_at", 1, 10) AND datetime("seen_at") IS NOT NULL))
) STRICT;
INSERT INTO "_reconcile_new_customer" ("id", "name", "seen_at")
  SELECT "id", "name", (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
  FROM "customer";
DROP TABLE "customer";
ALTER TABLE "_reconcile_new_customer" RENAME TO "customer";
PRAGMA legacy_alter_table = OFF;
