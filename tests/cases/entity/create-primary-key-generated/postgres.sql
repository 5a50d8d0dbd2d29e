-- 1. create table "note"
CREATE TABLE "note" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "body" text,
  CONSTRAINT "note_pkey" PRIMARY KEY ("id")
);
