-- 1. create table "person"
CREATE TABLE "person" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "name" text,
  CONSTRAINT "person_pkey" PRIMARY KEY ("id")
);

-- 2. task first (after)
INSERT INTO person (id, name) SELECT id, name FROM legacy;
UPDATE person SET name = upper(name);;

-- 3. task second (after)
UPDATE person SET name = concat(name, '!');

-- 4. drop table "legacy"
DROP TABLE "legacy";
