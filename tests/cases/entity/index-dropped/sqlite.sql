-- 1. drop index "customer.by-code" on table "customer"
DROP INDEX "customer.by-code";
