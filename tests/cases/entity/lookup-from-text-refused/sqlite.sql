-- 1. rebuild table "order"
PRAGMA legacy_alter_table = ON;
CREATE TABLE "_reconcile_new_order" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "subject" TEXT CHECK (length("subject") <= 40),
  "customer" TEXT REFERENCES "customer" ("id")
) STRICT;
INSERT INTO "_reconcile_new_order" ("id", "subject", "customer")
  SELECT "id", "subject", CAST("customer" AS TEXT)
  FROM "order";
DROP TABLE "order";
ALTER TABLE "_reconcile_new_order" RENAME TO "order";
PRAGMA legacy_alter_table = OFF;
