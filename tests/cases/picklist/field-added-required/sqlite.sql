-- 1. add column "status" on table "customer"
ALTER TABLE "customer" ADD COLUMN "status" TEXT NOT NULL DEFAULT 'open' REFERENCES "status" ("name") ON UPDATE CASCADE;
