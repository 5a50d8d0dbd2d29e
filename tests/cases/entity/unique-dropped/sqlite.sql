-- 1. drop index "customer.code.unique" on table "customer"
DROP INDEX "customer.code.unique";
