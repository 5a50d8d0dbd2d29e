-- 1. alter table "account"
ALTER TABLE "account" ADD COLUMN "region" character varying(20) DEFAULT 'north';
CREATE INDEX "account_by-region_idx" ON "account" ("region", "name");
