-- 1. keep values of table "account"
CREATE TABLE "_reconcile_trash_1" ("key id" TEXT, "was region");
INSERT INTO "_reconcile_trash_1" SELECT "id", "_reconcile_from_region" FROM (SELECT "id" AS "id", "name" AS "name", "phone" AS "phone", "id" AS "_reconcile_from_id", "name" AS "_reconcile_from_name", "phone" AS "_reconcile_from_phone", "region" AS "_reconcile_from_region" FROM "account") WHERE "_reconcile_from_region" IS NOT NULL;

-- 2. rebuild table "account"
CREATE TABLE "_reconcile_old_account" AS SELECT "id", "name", "phone", "region" FROM "account";
DROP TABLE "account";
CREATE TABLE "account" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT NOT NULL CHECK (length("name") <= 40),
  "phone" TEXT CHECK (length("phone") <= 40)
) STRICT;
INSERT INTO "account" ("id", "name", "phone")
  SELECT "id", "name", "phone"
  FROM "_reconcile_old_account";
DROP TABLE "_reconcile_old_account";
