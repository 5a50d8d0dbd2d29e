-- 1. create table "price"
CREATE TABLE "price" (
  "sku" TEXT NOT NULL CHECK (length("sku") <= 40),
  "currency" TEXT NOT NULL CHECK (length("currency") <= 3),
  "amount" REAL NOT NULL CHECK (abs("amount") < 1e15 AND round("amount", 4) = "amount"),
  PRIMARY KEY ("currency", "sku")
) STRICT;
