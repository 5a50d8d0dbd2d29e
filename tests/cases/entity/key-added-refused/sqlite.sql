-- 1. create index "customer.by-code" on table "customer"
CREATE UNIQUE INDEX "customer.by-code" ON "customer" ("code");
