-- 1. keep values of table "note"
LOCK TABLE "note" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "regarding_order" AS "was regarding_order" FROM "note" WHERE "regarding_order" IS NOT NULL;

-- 2. alter table "note"
ALTER TABLE "note" DROP CONSTRAINT "note_regarding_order_fkey";
ALTER TABLE "note" DROP COLUMN "regarding_order";
ALTER TABLE "note" ADD COLUMN "regarding_product" uuid;
ALTER TABLE "note" ADD CONSTRAINT "note_regarding_targets" CHECK (num_nonnulls("regarding_customer", "regarding_product") <= 1);
ALTER TABLE "note" ADD CONSTRAINT "note_regarding_product_fkey" FOREIGN KEY ("regarding_product") REFERENCES "product" ("id");
