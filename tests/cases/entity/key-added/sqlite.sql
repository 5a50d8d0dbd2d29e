-- 1. create index "customer.by-code-name" on table "customer"
CREATE UNIQUE INDEX "customer.by-code-name" ON "customer" ("code", "name");
