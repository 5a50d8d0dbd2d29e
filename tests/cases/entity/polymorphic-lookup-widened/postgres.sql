-- 1. alter table "note"
ALTER TABLE "note" DROP CONSTRAINT "note_regarding_targets";
ALTER TABLE "note" ADD COLUMN "regarding_product" uuid;
ALTER TABLE "note" ADD CONSTRAINT "note_regarding_targets" CHECK (num_nonnulls("regarding_customer", "regarding_order", "regarding_product") <= 1);
ALTER TABLE "note" ADD CONSTRAINT "note_regarding_product_fkey" FOREIGN KEY ("regarding_product") REFERENCES "product" ("id");
