-- 1. alter table "customer"
CREATE INDEX "customer_by-code_idx" ON "customer" ("code");
