-- 1. alter table "order"
ALTER TABLE "order" ADD COLUMN "customer" uuid NOT NULL;
ALTER TABLE "order" ADD CONSTRAINT "order_customer_fkey" FOREIGN KEY ("customer") REFERENCES "customer" ("id") ON DELETE CASCADE;
