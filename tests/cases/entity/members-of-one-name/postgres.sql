-- 1. create table "part"
CREATE TABLE "part" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "code" character varying(10),
  "whole" uuid,
  "size" integer,
  CONSTRAINT "part_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "part_code_key" UNIQUE ("code"),
  CONSTRAINT "part_whole_fkey" FOREIGN KEY ("whole") REFERENCES "part" ("id"),
  CONSTRAINT "part_size_check" CHECK (size > 0),
  CONSTRAINT "part_whole_ak" UNIQUE ("whole", "code"),
  CONSTRAINT "part_part_pkey_key" UNIQUE ("code", "whole"),
  CONSTRAINT "whole" CHECK (size < 100),
  CONSTRAINT "part_pkey_1" CHECK (size < 200),
  CONSTRAINT "part_size_check_1" CHECK (size < 300),
  CONSTRAINT "whole_1" FOREIGN KEY ("whole") REFERENCES "part" ("id"),
  CONSTRAINT "part_code_key_1" FOREIGN KEY ("whole") REFERENCES "part" ("id")
);
CREATE INDEX "part_by-whole_idx" ON "part" ("whole");
CREATE INDEX "part_part_whole_fkey_idx" ON "part" ("size");
