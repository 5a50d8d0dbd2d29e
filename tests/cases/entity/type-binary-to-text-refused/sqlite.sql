-- 1. keep values of table "thing"
CREATE TABLE "_reconcile_trash_1" ("key id" TEXT, "was value", "now value" TEXT);
INSERT INTO "_reconcile_trash_1" SELECT "id", "_reconcile_from_value", "value" FROM (SELECT "id" AS "id", CASE WHEN instr("value", x'00') = 0 AND NOT EXISTS (WITH RECURSIVE "_reconcile_at" ("_reconcile_i") AS (SELECT 1 UNION ALL SELECT "_reconcile_i" + 1 FROM "_reconcile_at" WHERE "_reconcile_i" < length(CAST("value" AS TEXT))) SELECT 1 FROM "_reconcile_at" WHERE CAST(char(unicode(substr(CAST("value" AS TEXT), "_reconcile_i", 1))) AS BLOB) IS NOT CAST(substr(CAST("value" AS TEXT), "_reconcile_i", 1) AS BLOB) AND length("value") > 0) THEN CAST("value" AS TEXT) ELSE "value" END AS "value", "id" AS "_reconcile_from_id", "value" AS "_reconcile_from_value" FROM "thing");
DELETE FROM "_reconcile_trash_1" WHERE "was value" IS "now value" AND typeof("was value") = typeof("now value");

-- 2. rebuild table "thing"
CREATE TABLE "_reconcile_old_thing" AS SELECT "id", "value" FROM "thing";
DROP TABLE "thing";
CREATE TABLE "thing" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "value" TEXT
) STRICT;
INSERT INTO "thing" ("id", "value")
  SELECT "id", CASE WHEN instr("value", x'00') = 0 AND NOT EXISTS (WITH RECURSIVE "_reconcile_at" ("_reconcile_i") AS (SELECT 1 UNION ALL SELECT "_reconcile_i" + 1 FROM "_reconcile_at" WHERE "_reconcile_i" < length(CAST("value" AS TEXT))) SELECT 1 FROM "_reconcile_at" WHERE CAST(char(unicode(substr(CAST("value" AS TEXT), "_reconcile_i", 1))) AS BLOB) IS NOT CAST(substr(CAST("value" AS TEXT), "_reconcile_i", 1) AS BLOB) AND length("value") > 0) THEN CAST("value" AS TEXT) ELSE "value" END
  FROM "_reconcile_old_thing";
DROP TABLE "_reconcile_old_thing";
