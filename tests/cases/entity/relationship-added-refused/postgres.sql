-- 1. alter table "line"
ALTER TABLE "line" ADD CONSTRAINT "sold" FOREIGN KEY ("sku", "variant") REFERENCES "product" ("sku", "variant");
