-- 1. keep values of table "a""b"
LOCK TABLE "a""b" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_e'f" AS "was e'f", "e'f" AS "now e'f" FROM (SELECT "id" AS "id", "e'f"::text AS "e'f", "e'f" AS "_reconcile_from_e'f" FROM "a""b") AS rows WHERE ("_reconcile_from_e'f" IS NOT NULL OR "e'f" IS NOT NULL);

-- 2. change options of picklist "it's"
INSERT INTO "it's" ("name", "label", "position", "color", "retired") VALUES
  ('x; DROP TABLE y', '--', (SELECT coalesce(max("position"), 0) + 1 FROM "it's"), NULL, false);

-- 3. alter table "a""b"
ALTER TABLE "a""b" ALTER COLUMN "c""d" TYPE character varying(40);
ALTER TABLE "a""b" ALTER COLUMN "c""d" SET NOT NULL;
ALTER TABLE "a""b" ALTER COLUMN "e'f" TYPE character varying(10);
ALTER TABLE "a""b" ADD COLUMN "g h" text DEFAULT 'O''Brien';
CREATE INDEX "a""b_i'j_idx" ON "a""b" ("e'f");
ALTER TABLE "a""b" ADD CONSTRAINT "a""b_g h_fkey" FOREIGN KEY ("g h") REFERENCES "it's" ("name") ON UPDATE CASCADE;
ALTER TABLE "a""b" ADD CONSTRAINT "a""b_we""ird_key" UNIQUE ("c""d");
ALTER TABLE "a""b" ADD CONSTRAINT "k""l" CHECK ("c""d" <> 'it''s');
