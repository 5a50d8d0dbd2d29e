-- 1. create table "measure"
CREATE TABLE "measure" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "count" integer NOT NULL DEFAULT 0,
  "offset" integer DEFAULT -1,
  "population" bigint DEFAULT 9000000000,
  "rate" numeric(5,2) DEFAULT 0.25,
  "share" numeric(38,0),
  "price" numeric(19,4) NOT NULL DEFAULT 0,
  "ratio" double precision DEFAULT 1.5,
  CONSTRAINT "measure_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "measure_rate_check" CHECK (rate >= 0),
  CONSTRAINT "count-below-population" CHECK (count < population)
);
