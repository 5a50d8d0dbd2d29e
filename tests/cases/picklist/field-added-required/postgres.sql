-- 1. alter table "customer"
ALTER TABLE "customer" ADD COLUMN "status" text NOT NULL DEFAULT 'open';
ALTER TABLE "customer" ADD CONSTRAINT "customer_status_fkey" FOREIGN KEY ("status") REFERENCES "status" ("name") ON UPDATE CASCADE;
