-- 1. create table "contact"
CREATE TABLE "contact" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "name" character varying(80) NOT NULL,
  "story" text,
  "email" character varying(320),
  "phone" text,
  "website" text,
  "address" text,
  "biography" text,
  "signature" text,
  "zone" character varying(60),
  CONSTRAINT "contact_pkey" PRIMARY KEY ("id")
);
COMMENT ON TABLE "contact" IS 'Somebody we know';
