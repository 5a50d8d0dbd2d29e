-- 1. rebuild table "line"
CREATE TABLE "_reconcile_old_line" AS SELECT "id", "sku", "variant" FROM "line";
DROP TABLE "line";
CREATE TABLE "line" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "sku" TEXT CHECK (length("sku") <= 20),
  "variant" TEXT CHECK (length("variant") <= 20),
  CONSTRAINT "sold" FOREIGN KEY ("sku", "variant") REFERENCES "product" ("sku", "variant")
) STRICT;
INSERT INTO "line" ("id", "sku", "variant")
  SELECT "id", "sku", "variant"
  FROM "_reconcile_old_line";
DROP TABLE "_reconcile_old_line";
