-- 1. alter table "order"
ALTER TABLE "order" DROP CONSTRAINT "order_partner_fkey";
ALTER TABLE "order" ADD CONSTRAINT "order_partner_fkey" FOREIGN KEY ("partner") REFERENCES "supplier" ("id");
