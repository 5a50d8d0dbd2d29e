-- 1. create table "product"
CREATE TABLE "product" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "sku" TEXT NOT NULL CHECK (length("sku") <= 40),
  "variant" TEXT NOT NULL DEFAULT 'plain' CHECK (length("variant") <= 20),
  "price" REAL NOT NULL CHECK (abs("price") < 1e15 AND round("price", 4) = "price") CONSTRAINT "price" CHECK (price >= 0)
) STRICT;
CREATE UNIQUE INDEX "product.by-sku" ON "product" ("sku", "variant");

-- 2. create table "line"
CREATE TABLE "line" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "sku" TEXT NOT NULL CHECK (length("sku") <= 40),
  "variant" TEXT NOT NULL CHECK (length("variant") <= 20),
  "quantity" INTEGER NOT NULL DEFAULT 1 CHECK ("quantity" BETWEEN -2147483648 AND 2147483647),
  CONSTRAINT "quantity-positive" CHECK (quantity > 0),
  CONSTRAINT "product-sold" FOREIGN KEY ("sku", "variant") REFERENCES "product" ("sku", "variant") ON DELETE CASCADE ON UPDATE CASCADE
) STRICT;
CREATE INDEX "line.by-product" ON "line" ("sku", "variant");
