-- 1. create table "account"
CREATE TABLE "account" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "name" character varying(40) NOT NULL,
  "phone" character varying(40),
  "region" character varying(20) DEFAULT 'north',
  CONSTRAINT "account_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "account_by-region_idx" ON "account" ("region", "name");
