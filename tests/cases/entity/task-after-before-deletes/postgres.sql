-- 1. keep the rows of table "legacy"
LOCK TABLE "legacy" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id", "name" FROM "legacy";

-- 2. create table "person"
CREATE TABLE "person" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "name" text,
  CONSTRAINT "person_pkey" PRIMARY KEY ("id")
);

-- 3. task first (after)
INSERT INTO person (id, name) SELECT id, name FROM legacy;
UPDATE person SET name = upper(name);;

-- 4. task second (after)
UPDATE person SET name = concat(name, '!');

-- 5. drop table "legacy"
DROP TABLE "legacy";
