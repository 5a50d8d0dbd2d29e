-- 1. create table "setting"
CREATE TABLE "setting" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "code" TEXT DEFAULT '007',
  "quoted" TEXT DEFAULT 'it''s "so"',
  "empty" TEXT DEFAULT '',
  "word" TEXT DEFAULT 'now',
  "truth" TEXT DEFAULT 'true',
  "lower" INTEGER DEFAULT -40 CHECK ("lower" BETWEEN -2147483648 AND 2147483647),
  "token" TEXT DEFAULT (lower(hex(randomblob(8)))),
  "due" TEXT DEFAULT (date('now', '+14 days')) CHECK ("due" IS date("due")),
  CONSTRAINT "code-has-no-semicolon" CHECK (code NOT LIKE '%;%' AND instr(code, ')') = 0),
  CONSTRAINT "lower-is-low" CHECK (lower < 0 OR (lower = 0 AND code = '007'))
) STRICT;
