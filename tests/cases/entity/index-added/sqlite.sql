-- 1. create index "customer.by-code" on table "customer"
CREATE INDEX "customer.by-code" ON "customer" ("code");
