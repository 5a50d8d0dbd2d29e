-- 1. keep values of table "order"
CREATE TABLE "_reconcile_trash_1" ("key id" TEXT, "was customer", "now customer" REAL);
INSERT INTO "_reconcile_trash_1" SELECT "id", "_reconcile_from_customer", "customer" FROM (SELECT "id" AS "id", CASE WHEN (CASE WHEN json_valid("customer") THEN CASE json_type("customer") WHEN 'integer' THEN CAST("customer" AS INTEGER) = CAST("customer" AS REAL) WHEN 'real' THEN length(trim(replace(replace("customer", '-', ''), '.', ''), '0')) <= 15 ELSE 0 END ELSE 0 END) THEN CAST("customer" AS REAL) ELSE "customer" END AS "customer", "id" AS "_reconcile_from_id", "customer" AS "_reconcile_from_customer" FROM "order");
DELETE FROM "_reconcile_trash_1" WHERE "was customer" IS "now customer" AND typeof("was customer") = typeof("now customer");

-- 2. rebuild table "order"
CREATE TABLE "_reconcile_old_order" AS SELECT "id", "customer" FROM "order";
DROP TABLE "order";
CREATE TABLE "order" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "customer" REAL CHECK (abs("customer") < 1e10 AND round("customer", 2) = "customer")
) STRICT;
INSERT INTO "order" ("id", "customer")
  SELECT "id", CASE WHEN (CASE WHEN json_valid("customer") THEN CASE json_type("customer") WHEN 'integer' THEN CAST("customer" AS INTEGER) = CAST("customer" AS REAL) WHEN 'real' THEN length(trim(replace(replace("customer", '-', ''), '.', ''), '0')) <= 15 ELSE 0 END ELSE 0 END) THEN CAST("customer" AS REAL) ELSE "customer" END
  FROM "_reconcile_old_order";
DROP TABLE "_reconcile_old_order";
