-- 1. rebuild table "customer"
CREATE TABLE "_reconcile_old_customer" AS SELECT "id", "name" FROM "customer";
DROP TABLE "customer";
CREATE TABLE "customer" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT CHECK (length("name") <= 40),
  "external_id" TEXT NOT NULL DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))) CHECK ("external_id" GLOB '????????-????-????-????-????????????' AND length(replace("external_id", '-', '')) = 32 AND replace("external_id", '-', '') NOT GLOB '*[^0-9a-fA-F]*')
) STRICT;
INSERT INTO "customer" ("id", "name", "external_id")
  SELECT "id", "name", (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))))
  FROM "_reconcile_old_customer";
DROP TABLE "_reconcile_old_customer";
CREATE UNIQUE INDEX "customer.external_id.unique" ON "customer" ("external_id");
