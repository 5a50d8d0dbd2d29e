-- 1. add column "code" on table "customer"
ALTER TABLE "customer" ADD COLUMN "code" TEXT DEFAULT 'none' CHECK (length("code") <= 10);
CREATE UNIQUE INDEX "customer.code.unique" ON "customer" ("code");
