-- 1. alter table "order"
ALTER TABLE "order" VALIDATE CONSTRAINT "some-rank";
