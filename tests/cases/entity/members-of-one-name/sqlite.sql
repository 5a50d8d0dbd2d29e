-- 1. create table "part"
CREATE TABLE "part" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "code" TEXT CHECK (length("code") <= 10),
  "whole" TEXT REFERENCES "part" ("id"),
  "size" INTEGER CHECK ("size" BETWEEN -2147483648 AND 2147483647) CONSTRAINT "size" CHECK (size > 0),
  CONSTRAINT "whole" CHECK (size < 100),
  CONSTRAINT "part_pkey" CHECK (size < 200),
  CONSTRAINT "part_size_check" CHECK (size < 300),
  CONSTRAINT "whole" FOREIGN KEY ("whole") REFERENCES "part" ("id"),
  CONSTRAINT "part_code_key" FOREIGN KEY ("whole") REFERENCES "part" ("id")
) STRICT;
CREATE UNIQUE INDEX "part.code.unique" ON "part" ("code");
CREATE UNIQUE INDEX "part.whole" ON "part" ("whole", "code");
CREATE UNIQUE INDEX "part.part_pkey" ON "part" ("code", "whole");
CREATE INDEX "part.by-whole" ON "part" ("whole");
CREATE INDEX "part.part_whole_fkey" ON "part" ("size");
