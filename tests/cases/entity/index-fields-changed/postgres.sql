-- 1. alter table "customer"
DROP INDEX "customer_by-code_idx";
CREATE INDEX "customer_by-code_idx" ON "customer" ("code", "name");
