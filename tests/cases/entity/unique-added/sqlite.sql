-- 1. create index "customer.code.unique" on table "customer"
CREATE UNIQUE INDEX "customer.code.unique" ON "customer" ("code");
