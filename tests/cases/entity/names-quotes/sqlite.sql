-- 1. keep values of table "a""b"
CREATE TABLE "_reconcile_trash_1" ("key id" TEXT, "was e'f", "now e'f" TEXT);
INSERT INTO "_reconcile_trash_1" SELECT "id", "_reconcile_from_e'f", "e'f" FROM (SELECT "id" AS "id", "c""d" AS "c""d", CAST("e'f" AS TEXT) AS "e'f", 'O''Brien' AS "g h", "id" AS "_reconcile_from_id", "c""d" AS "_reconcile_from_c""d", "e'f" AS "_reconcile_from_e'f" FROM "a""b");
DELETE FROM "_reconcile_trash_1" WHERE "was e'f" IS "now e'f" AND typeof("was e'f") = typeof("now e'f");

-- 2. change options of picklist "it's"
INSERT INTO "it's" ("name", "label", "position", "color", "retired") VALUES
  ('x; DROP TABLE y', '--', (SELECT coalesce(max("position"), 0) + 1 FROM "it's"), NULL, 0);

-- 3. rebuild table "a""b"
CREATE TABLE "_reconcile_old_a""b" AS SELECT "id", "c""d", "e'f" FROM "a""b";
DROP TABLE "a""b";
CREATE TABLE "a""b" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "c""d" TEXT NOT NULL CHECK (length("c""d") <= 40),
  "e'f" TEXT CHECK (length("e'f") <= 10),
  "g h" TEXT DEFAULT 'O''Brien' REFERENCES "it's" ("name") ON UPDATE CASCADE,
  CONSTRAINT "k""l" CHECK ("c""d" <> 'it''s')
) STRICT;
INSERT INTO "a""b" ("id", "c""d", "e'f", "g h")
  SELECT "id", "c""d", CAST("e'f" AS TEXT), 'O''Brien'
  FROM "_reconcile_old_a""b";
DROP TABLE "_reconcile_old_a""b";
CREATE UNIQUE INDEX "a""b.we""ird" ON "a""b" ("c""d");
CREATE INDEX "a""b.i'j" ON "a""b" ("e'f");
