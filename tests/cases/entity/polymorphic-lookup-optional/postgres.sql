-- 1. alter table "note"
ALTER TABLE "note" DROP CONSTRAINT "note_regarding_targets";
ALTER TABLE "note" ADD CONSTRAINT "note_regarding_targets" CHECK (num_nonnulls("regarding_customer", "regarding_order") <= 1);
