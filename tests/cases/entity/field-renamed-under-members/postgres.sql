-- 1. alter table "order"
ALTER TABLE "order" RENAME COLUMN "customer" TO "buyer";
ALTER TABLE "order" RENAME COLUMN "number" TO "reference";
ALTER TABLE "order" RENAME COLUMN "total" TO "amount";
ALTER TABLE "order" DROP CONSTRAINT "order_total_check";
ALTER TABLE "order" DROP CONSTRAINT "total-small";
ALTER TABLE "order" RENAME CONSTRAINT "order_number_key" TO "order_reference_key";
ALTER TABLE "order" RENAME CONSTRAINT "order_customer_fkey" TO "order_buyer_fkey";
ALTER TABLE "order" ADD CONSTRAINT "order_amount_check" CHECK (amount >= 0);
ALTER TABLE "order" ADD CONSTRAINT "total-small" CHECK (amount < 1000000);
