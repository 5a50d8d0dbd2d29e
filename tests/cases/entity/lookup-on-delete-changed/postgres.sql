-- 1. alter table "order"
ALTER TABLE "order" DROP CONSTRAINT "order_customer_fkey";
ALTER TABLE "order" ADD CONSTRAINT "order_customer_fkey" FOREIGN KEY ("customer") REFERENCES "customer" ("id") ON DELETE CASCADE;
