-- 1. create table "event"
CREATE TABLE "event" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "day" date NOT NULL DEFAULT CURRENT_DATE,
  "day_off" date DEFAULT '2026-12-24',
  "starts" time without time zone DEFAULT LOCALTIME,
  "ends" time without time zone DEFAULT '17:30:00',
  "written_at" timestamp with time zone NOT NULL DEFAULT now(),
  "due_at" timestamp with time zone,
  CONSTRAINT "event_pkey" PRIMARY KEY ("id")
);
