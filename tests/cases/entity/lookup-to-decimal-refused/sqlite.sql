-- 1. rebuild table "order"
CREATE TABLE "_reconcile_old_order" AS SELECT "id", "customer" FROM "order";
DROP TABLE "order";
CREATE TABLE "order" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "customer" REAL CHECK (abs("customer") < 1e10 AND round("customer", 2) = "customer")
) STRICT;
INSERT INTO "order" ("id", "customer")
  SELECT "id", CASE WHEN (CASE WHEN json_valid("customer") THEN json_type("customer") IN ('integer', 'real') ELSE 0 END) THEN CAST("customer" AS REAL) ELSE "customer" END
  FROM "_reconcile_old_order";
DROP TABLE "_reconcile_old_order";
