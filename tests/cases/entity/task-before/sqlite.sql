-- 1. keep values of table "customer"
CREATE TABLE "_reconcile_trash_1" ("key id" TEXT, "was fax");
INSERT INTO "_reconcile_trash_1" SELECT "id", "_reconcile_from_fax" FROM (SELECT "id" AS "id", "name" AS "name", NULL AS "contact", "id" AS "_reconcile_from_id", "name" AS "_reconcile_from_name", "fax" AS "_reconcile_from_fax" FROM "customer") WHERE "_reconcile_from_fax" IS NOT NULL;

-- 2. create table "contact"
CREATE TABLE "contact" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "fax" TEXT CHECK (length("fax") <= 40)
) STRICT;

-- 3. task keep-fax (before)
INSERT INTO contact (id, fax) SELECT id, fax FROM customer WHERE fax IS NOT NULL;

-- 4. rebuild table "customer"
CREATE TABLE "_reconcile_old_customer" AS SELECT "id", "name", "fax" FROM "customer";
DROP TABLE "customer";
CREATE TABLE "customer" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT,
  "contact" TEXT REFERENCES "contact" ("id")
) STRICT;
INSERT INTO "customer" ("id", "name", "contact")
  SELECT "id", "name", NULL
  FROM "_reconcile_old_customer";
DROP TABLE "_reconcile_old_customer";
