-- 1. rebuild table "country"
CREATE TABLE "_reconcile_old_country" AS SELECT "code", "name", "level" FROM "country";
DROP TABLE "country";
CREATE TABLE "country" (
  "code" TEXT NOT NULL PRIMARY KEY,
  "name" TEXT NOT NULL,
  "level" TEXT DEFAULT 'low' REFERENCES "level" ("name") ON UPDATE CASCADE
) STRICT;
INSERT INTO "country" ("code", "name", "level")
  SELECT "code", "name", "level"
  FROM "_reconcile_old_country";
DROP TABLE "_reconcile_old_country";
