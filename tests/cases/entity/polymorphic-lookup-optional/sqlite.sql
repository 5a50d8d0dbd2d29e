-- 1. rebuild table "note"
CREATE TABLE "_reconcile_old_note" AS SELECT "id", "body", "regarding_customer", "regarding_order" FROM "note";
DROP TABLE "note";
CREATE TABLE "note" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "body" TEXT,
  "regarding_customer" TEXT REFERENCES "customer" ("id"),
  "regarding_order" TEXT REFERENCES "order" ("id"),
  CONSTRAINT "regarding.targets" CHECK (("regarding_customer" IS NOT NULL) + ("regarding_order" IS NOT NULL) <= 1)
) STRICT;
INSERT INTO "note" ("id", "body", "regarding_customer", "regarding_order")
  SELECT "id", "body", "regarding_customer", "regarding_order"
  FROM "_reconcile_old_note";
DROP TABLE "_reconcile_old_note";
