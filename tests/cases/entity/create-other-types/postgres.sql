-- 1. create table "thing"
CREATE TABLE "thing" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "active" boolean NOT NULL DEFAULT true,
  "hidden" boolean DEFAULT false,
  "code" uuid NOT NULL DEFAULT gen_random_uuid(),
  "payload" jsonb,
  "picture" bytea,
  "original" bytea,
  CONSTRAINT "thing_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "thing_code_key" UNIQUE ("code"),
  CONSTRAINT "thing_picture_length" CHECK (octet_length("picture") <= 65536)
);
