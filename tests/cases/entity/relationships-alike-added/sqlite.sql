-- 1. rebuild table "part"
CREATE TABLE "_reconcile_old_part" AS SELECT "code", "whole" FROM "part";
DROP TABLE "part";
CREATE TABLE "part" (
  "code" INTEGER NOT NULL PRIMARY KEY,
  "whole" INTEGER CHECK ("whole" BETWEEN -2147483648 AND 2147483647),
  CONSTRAINT "one" FOREIGN KEY ("whole") REFERENCES "part" ("code"),
  CONSTRAINT "other" FOREIGN KEY ("whole") REFERENCES "part" ("code")
) STRICT;
INSERT INTO "part" ("code", "whole")
  SELECT "code", "whole"
  FROM "_reconcile_old_part";
DROP TABLE "_reconcile_old_part";
