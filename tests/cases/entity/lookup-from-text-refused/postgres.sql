-- 1. alter table "order"
ALTER TABLE "order" ALTER COLUMN "customer" TYPE uuid USING CASE WHEN ("customer" COLLATE "C" ~ '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$') THEN "customer"::uuid ELSE ('a value would not stay unchanged as uuid' || left("customer"::text, 0))::uuid END;
ALTER TABLE "order" ADD CONSTRAINT "order_customer_fkey" FOREIGN KEY ("customer") REFERENCES "customer" ("id");
