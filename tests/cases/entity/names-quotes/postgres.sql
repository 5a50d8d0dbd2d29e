-- 1. change options of picklist "it's"
INSERT INTO "it's" ("name", "label", "position", "color", "retired") VALUES
  ('x; DROP TABLE y', '--', (SELECT coalesce(max("position"), 0) + 1 FROM "it's"), NULL, false);

-- 2. alter table "a""b"
ALTER TABLE "a""b" ALTER COLUMN "c""d" TYPE character varying(40);
ALTER TABLE "a""b" ALTER COLUMN "c""d" SET NOT NULL;
ALTER TABLE "a""b" ALTER COLUMN "e'f" TYPE character varying(10);
ALTER TABLE "a""b" ADD COLUMN "g h" text DEFAULT 'O''Brien';
CREATE INDEX "a""b_i'j_idx" ON "a""b" ("e'f");
ALTER TABLE "a""b" ADD CONSTRAINT "a""b_g h_fkey" FOREIGN KEY ("g h") REFERENCES "it's" ("name") ON UPDATE CASCADE;
ALTER TABLE "a""b" ADD CONSTRAINT "a""b_we""ird_key" UNIQUE ("c""d");
ALTER TABLE "a""b" ADD CONSTRAINT "k""l" CHECK ("c""d" <> 'it''s');
