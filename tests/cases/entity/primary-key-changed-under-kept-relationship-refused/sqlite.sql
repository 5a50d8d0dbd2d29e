-- 1. rebuild table "thing"
CREATE TABLE "_reconcile_old_thing" AS SELECT "code", "parent" FROM "thing";
DROP TABLE "thing";
CREATE TABLE "thing" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "code" INTEGER CHECK ("code" BETWEEN -2147483648 AND 2147483647),
  "parent" INTEGER CHECK ("parent" BETWEEN -2147483648 AND 2147483647),
  CONSTRAINT "parent" FOREIGN KEY ("parent") REFERENCES "thing" ("code")
) STRICT;
INSERT INTO "thing" ("id", "code", "parent")
  SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), "code", "parent"
  FROM "_reconcile_old_thing";
DROP TABLE "_reconcile_old_thing";
