-- 1. alter table "customer"
ALTER TABLE "customer" ADD COLUMN "seen_at" timestamp with time zone NOT NULL DEFAULT now();
