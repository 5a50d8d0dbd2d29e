-- 1. keep the rows of table "legacy"
CREATE TABLE "_reconcile_trash_1" ("id", "name");
INSERT INTO "_reconcile_trash_1" ("id", "name") SELECT "id", "name" FROM "legacy";

-- 2. create table "person"
CREATE TABLE "person" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT
) STRICT;

-- 3. task first (after)
INSERT INTO person (id, name) SELECT id, name FROM legacy;
UPDATE person SET name = upper(name);;

-- 4. task second (after)
UPDATE person SET name = name || '!';

-- 5. drop table "legacy"
DROP TABLE "legacy";
