-- 1. rebuild table "Straße"
CREATE TABLE "_reconcile_old_Straße" AS SELECT "id", "Größe", "名前" FROM "Straße";
DROP TABLE "Straße";
CREATE TABLE "Straße" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "Größe" INTEGER NOT NULL CHECK ("Größe" BETWEEN -2147483648 AND 2147483647),
  "名前" TEXT CHECK (length("名前") <= 40),
  "Öffnung" TEXT CHECK ("Öffnung" IS NULL OR ("Öffnung" GLOB '??:??*' AND time("Öffnung") IS NOT NULL)),
  CONSTRAINT "größer-null" CHECK ("Größe" > 0)
) STRICT;
INSERT INTO "Straße" ("id", "Größe", "名前", "Öffnung")
  SELECT "id", "Größe", "名前", NULL
  FROM "_reconcile_old_Straße";
DROP TABLE "_reconcile_old_Straße";
CREATE INDEX "Straße.nach-Größe" ON "Straße" ("Größe");
