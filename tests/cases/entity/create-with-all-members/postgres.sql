-- 1. create table "product"
CREATE TABLE "product" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "sku" character varying(40) NOT NULL,
  "variant" character varying(20) NOT NULL DEFAULT 'plain',
  "price" numeric(19,4) NOT NULL,
  CONSTRAINT "product_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "product_price_check" CHECK (price >= 0),
  CONSTRAINT "product_by-sku_key" UNIQUE ("sku", "variant")
);

-- 2. create table "line"
CREATE TABLE "line" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "sku" character varying(40) NOT NULL,
  "variant" character varying(20) NOT NULL,
  "quantity" integer NOT NULL DEFAULT 1,
  CONSTRAINT "line_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "quantity-positive" CHECK (quantity > 0),
  CONSTRAINT "product-sold" FOREIGN KEY ("sku", "variant") REFERENCES "product" ("sku", "variant") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX "line_by-product_idx" ON "line" ("sku", "variant");
