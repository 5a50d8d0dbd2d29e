-- 1. alter table "customer"
ALTER INDEX "customer_by-code_idx" RENAME TO "customer_code-index_idx";
