-- 1. add column "region" on table "account"
ALTER TABLE "account" ADD COLUMN "region" TEXT DEFAULT 'north' CHECK (length("region") <= 20);
CREATE INDEX "account.by-region" ON "account" ("region", "name");
