-- 1. create index "customer.by-code" on table "customer"
DROP INDEX "customer.by-code";
CREATE UNIQUE INDEX "customer.by-code" ON "customer" ("name", "code");
