-- 1. rebuild table "thing"
CREATE TABLE "_reconcile_old_thing" AS SELECT "id", "value" FROM "thing";
DROP TABLE "thing";
CREATE TABLE "thing" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "value" REAL
) STRICT;
INSERT INTO "thing" ("id", "value")
  SELECT "id", CASE WHEN (CASE WHEN json_valid("value") THEN CASE json_type("value") WHEN 'integer' THEN CAST("value" AS INTEGER) = CAST("value" AS REAL) WHEN 'real' THEN length(trim(replace(replace("value", '-', ''), '.', ''), '0')) <= 15 ELSE 0 END ELSE 0 END) THEN CAST("value" AS REAL) ELSE "value" END
  FROM "_reconcile_old_thing";
DROP TABLE "_reconcile_old_thing";
