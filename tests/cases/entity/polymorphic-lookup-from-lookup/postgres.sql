-- 1. alter table "note"
ALTER TABLE "note" RENAME COLUMN "regarding" TO "regarding_customer";
ALTER TABLE "note" RENAME CONSTRAINT "note_regarding_fkey" TO "note_regarding_customer_fkey";
ALTER TABLE "note" ADD COLUMN "regarding_order" uuid;
ALTER TABLE "note" ADD CONSTRAINT "note_regarding_targets" CHECK (num_nonnulls("regarding_customer", "regarding_order") <= 1);
ALTER TABLE "note" ADD CONSTRAINT "note_regarding_order_fkey" FOREIGN KEY ("regarding_order") REFERENCES "order" ("id");
