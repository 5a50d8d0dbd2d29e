-- 1. rename columns of table "order", then rebuild table "order"
ALTER TABLE "order" RENAME COLUMN "total" TO "amount";
ALTER TABLE "order" RENAME COLUMN "customer" TO "buyer";
ALTER TABLE "order" RENAME COLUMN "number" TO "reference";
CREATE TABLE "_reconcile_old_order" AS SELECT "id", "reference", "amount", "buyer" FROM "order";
DROP TABLE "order";
CREATE TABLE "order" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "reference" TEXT NOT NULL CHECK (length("reference") <= 10),
  "amount" REAL CHECK (abs("amount") < 1e15 AND round("amount", 4) = "amount") CONSTRAINT "amount" CHECK (amount >= 0),
  "buyer" TEXT REFERENCES "customer" ("id"),
  CONSTRAINT "total-small" CHECK ("amount" < 1000000)
) STRICT;
INSERT INTO "order" ("id", "reference", "amount", "buyer")
  SELECT "id", "reference", "amount", "buyer"
  FROM "_reconcile_old_order";
DROP TABLE "_reconcile_old_order";
CREATE UNIQUE INDEX "order.reference.unique" ON "order" ("reference");
CREATE UNIQUE INDEX "order.by-number" ON "order" ("reference", "buyer");
CREATE INDEX "order.by-total" ON "order" ("amount");
