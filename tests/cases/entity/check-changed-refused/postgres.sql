-- 1. alter table "customer"
ALTER TABLE "customer" DROP CONSTRAINT "code-known";
ALTER TABLE "customer" ADD CONSTRAINT "code-known" CHECK (code = 'a');
