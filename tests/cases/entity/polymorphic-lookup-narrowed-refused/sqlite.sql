-- 1. keep values of table "note"
CREATE TABLE "_reconcile_trash_1" ("key id" TEXT, "was regarding_order");
INSERT INTO "_reconcile_trash_1" SELECT "id", "_reconcile_from_regarding_order" FROM (SELECT "id" AS "id", "body" AS "body", CAST("regarding_customer" AS TEXT) AS "regarding_customer", NULL AS "regarding_product", "id" AS "_reconcile_from_id", "body" AS "_reconcile_from_body", "regarding_customer" AS "_reconcile_from_regarding_customer", "regarding_order" AS "_reconcile_from_regarding_order" FROM "note") WHERE "_reconcile_from_regarding_order" IS NOT NULL;

-- 2. rebuild table "note"
CREATE TABLE "_reconcile_old_note" AS SELECT "id", "body", "regarding_customer", "regarding_order" FROM "note";
DROP TABLE "note";
CREATE TABLE "note" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "body" TEXT,
  "regarding_customer" TEXT REFERENCES "customer" ("id"),
  "regarding_product" TEXT REFERENCES "product" ("id"),
  CONSTRAINT "regarding.targets" CHECK (("regarding_customer" IS NOT NULL) + ("regarding_product" IS NOT NULL) <= 1)
) STRICT;
INSERT INTO "note" ("id", "body", "regarding_customer", "regarding_product")
  SELECT "id", "body", CAST("regarding_customer" AS TEXT), NULL
  FROM "_reconcile_old_note";
DROP TABLE "_reconcile_old_note";
