-- 1. create index "customer.code-index", drop index "customer.by-code" on table "customer"
DROP INDEX "customer.by-code";
CREATE INDEX "customer.code-index" ON "customer" ("code");
