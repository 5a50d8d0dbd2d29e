-- 1. keep values of table "order"
CREATE TABLE "_reconcile_trash_1" ("key id" TEXT, "was status");
INSERT INTO "_reconcile_trash_1" SELECT "id", "_reconcile_from_status" FROM (SELECT "id" AS "id", "subject" AS "subject", "id" AS "_reconcile_from_id", "subject" AS "_reconcile_from_subject", "status" AS "_reconcile_from_status" FROM "order") WHERE "_reconcile_from_status" IS NOT NULL;

-- 2. rebuild table "order"
CREATE TABLE "_reconcile_old_order" AS SELECT "id", "subject", "status" FROM "order";
DROP TABLE "order";
CREATE TABLE "order" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "subject" TEXT CHECK (length("subject") <= 40)
) STRICT;
INSERT INTO "order" ("id", "subject")
  SELECT "id", "subject"
  FROM "_reconcile_old_order";
DROP TABLE "_reconcile_old_order";

-- 3. drop table "status"
DROP TABLE "status";
