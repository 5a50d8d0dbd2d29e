-- 1. keep values of table "whole"
LOCK TABLE "whole" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "number" AS "key number", "_reconcile_from_number" AS "was number", "number" AS "now number", "_reconcile_from_part" AS "was part", "part" AS "now part" FROM (SELECT "number"::text AS "number", "part"::text AS "part", "number" AS "_reconcile_from_number", "part" AS "_reconcile_from_part" FROM "whole") AS rows WHERE ("_reconcile_from_number" IS NOT NULL OR "number" IS NOT NULL) OR ("_reconcile_from_part" IS NOT NULL OR "part" IS NOT NULL);

-- 2. keep values of table "part"
LOCK TABLE "part" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_2" AS SELECT "number" AS "key number", "_reconcile_from_number" AS "was number", "number" AS "now number", "_reconcile_from_whole" AS "was whole", "whole" AS "now whole" FROM (SELECT "number"::text AS "number", "whole"::text AS "whole", "number" AS "_reconcile_from_number", "whole" AS "_reconcile_from_whole" FROM "part") AS rows WHERE ("_reconcile_from_number" IS NOT NULL OR "number" IS NOT NULL) OR ("_reconcile_from_whole" IS NOT NULL OR "whole" IS NOT NULL);

-- 3. alter table "whole"
ALTER TABLE "part" DROP CONSTRAINT IF EXISTS "part_whole_fkey";
ALTER TABLE "whole" DROP CONSTRAINT "whole_part_fkey";
ALTER TABLE "whole" ALTER COLUMN "number" TYPE text;
ALTER TABLE "whole" ALTER COLUMN "part" TYPE text;

-- 4. alter table "part"
ALTER TABLE "part" ALTER COLUMN "number" TYPE text;
ALTER TABLE "part" ALTER COLUMN "whole" TYPE text;

-- 5. add references of table "whole"
ALTER TABLE "whole" ADD CONSTRAINT "whole_part_fkey" FOREIGN KEY ("part") REFERENCES "part" ("number");

-- 6. add references of table "part"
ALTER TABLE "part" ADD CONSTRAINT "part_whole_fkey" FOREIGN KEY ("whole") REFERENCES "whole" ("number");
