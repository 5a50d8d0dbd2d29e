-- 1. alter table "customer"
ALTER TABLE "customer" DROP CONSTRAINT "code-known";
