-- 1. add column "born" on table "customer"
ALTER TABLE "customer" ADD COLUMN "born" TEXT CHECK ("born" IS date("born"));
