-- 1. create table "price"
CREATE TABLE "price" (
  "sku" character varying(40) NOT NULL,
  "currency" character varying(3) NOT NULL,
  "amount" numeric(19,4) NOT NULL,
  CONSTRAINT "price_pkey" PRIMARY KEY ("currency", "sku")
);
