-- 1. rebuild table "thing"
CREATE TABLE "_reconcile_old_thing" AS SELECT "number", "name" FROM "thing";
DROP TABLE "thing";
CREATE TABLE "thing" (
  "number" INTEGER NOT NULL PRIMARY KEY,
  "name" TEXT
) STRICT;
INSERT INTO "thing" ("number", "name")
  SELECT "number", "name"
  FROM "_reconcile_old_thing";
DROP TABLE "_reconcile_old_thing";
