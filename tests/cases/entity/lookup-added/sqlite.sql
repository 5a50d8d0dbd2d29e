-- 1. add column "customer" on table "order"
ALTER TABLE "order" ADD COLUMN "customer" TEXT REFERENCES "customer" ("id") ON DELETE SET NULL;
