-- 1. keep values of table "customer"
CREATE TABLE "_reconcile_trash_1" ("key id" TEXT, "was no", "now number" INTEGER);
INSERT INTO "_reconcile_trash_1" SELECT "id", "_reconcile_from_no", "number" FROM (SELECT "id" AS "id", CASE WHEN (CASE WHEN json_valid("no") THEN json_type("no") IN ('integer', 'real') ELSE 0 END) AND (CAST(CAST("no" AS INTEGER) AS TEXT) = trim("no") OR (CAST("no" AS REAL) = CAST("no" AS INTEGER) AND abs(CAST("no" AS INTEGER)) < 9007199254740992)) THEN CAST("no" AS INTEGER) ELSE "no" END AS "number", "id" AS "_reconcile_from_id", "no" AS "_reconcile_from_no" FROM "customer");
DELETE FROM "_reconcile_trash_1" WHERE "was no" IS "now number" AND typeof("was no") = typeof("now number");

-- 2. rename a column of table "customer", then rebuild table "customer"
ALTER TABLE "customer" RENAME COLUMN "no" TO "number";
CREATE TABLE "_reconcile_old_customer" AS SELECT "id", "number" FROM "customer";
DROP TABLE "customer";
CREATE TABLE "customer" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "number" INTEGER NOT NULL CHECK ("number" BETWEEN -2147483648 AND 2147483647)
) STRICT;
INSERT INTO "customer" ("id", "number")
  SELECT "id", CASE WHEN (CASE WHEN json_valid("number") THEN json_type("number") IN ('integer', 'real') ELSE 0 END) AND (CAST(CAST("number" AS INTEGER) AS TEXT) = trim("number") OR (CAST("number" AS REAL) = CAST("number" AS INTEGER) AND abs(CAST("number" AS INTEGER)) < 9007199254740992)) THEN CAST("number" AS INTEGER) ELSE "number" END
  FROM "_reconcile_old_customer";
DROP TABLE "_reconcile_old_customer";
CREATE UNIQUE INDEX "customer.number.unique" ON "customer" ("number");
