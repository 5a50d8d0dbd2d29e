-- 1. rebuild table "select"
CREATE TABLE "_reconcile_old_select" AS SELECT "id", "order by", "group" FROM "select";
DROP TABLE "select";
CREATE TABLE "select" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "order by" TEXT CHECK (length("order by") <= 20),
  "group" INTEGER DEFAULT 0 CHECK ("group" BETWEEN -2147483648 AND 2147483647),
  "table" TEXT REFERENCES "select" ("id") ON DELETE SET NULL,
  CONSTRAINT "check" CHECK ("group" >= 0 AND "order by" <> 'from')
) STRICT;
INSERT INTO "select" ("id", "order by", "group", "table")
  SELECT "id", "order by", "group", NULL
  FROM "_reconcile_old_select";
DROP TABLE "_reconcile_old_select";
CREATE UNIQUE INDEX "select.primary" ON "select" ("order by", "group");
CREATE INDEX "select.where" ON "select" ("group");
