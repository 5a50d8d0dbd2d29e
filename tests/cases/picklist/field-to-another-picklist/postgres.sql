-- 1. alter table "order"
ALTER TABLE "order" DROP CONSTRAINT "order_status_fkey";
ALTER TABLE "order" ADD CONSTRAINT "order_status_fkey" FOREIGN KEY ("status") REFERENCES "stage" ("name") ON UPDATE CASCADE;
