-- 1. alter table "customer"
DROP INDEX "customer_by-code_idx";
