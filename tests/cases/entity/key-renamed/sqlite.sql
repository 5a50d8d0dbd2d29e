-- 1. create index "customer.unique-code", drop index "customer.by-code" on table "customer"
DROP INDEX "customer.by-code";
CREATE UNIQUE INDEX "customer.unique-code" ON "customer" ("code");
