-- 1. create table "setting"
CREATE TABLE "setting" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "code" text DEFAULT '007',
  "quoted" text DEFAULT 'it''s "so"',
  "empty" text DEFAULT '',
  "word" text DEFAULT 'now',
  "truth" text DEFAULT 'true',
  "lower" integer DEFAULT -40,
  "token" text DEFAULT (substr(md5(random()::text), 1, 16)),
  "due" date DEFAULT (CURRENT_DATE + 14),
  CONSTRAINT "setting_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "code-has-no-semicolon" CHECK (code NOT LIKE '%;%' AND strpos(code, ')') = 0),
  CONSTRAINT "lower-is-low" CHECK (lower < 0 OR (lower = 0 AND code = '007'))
);
