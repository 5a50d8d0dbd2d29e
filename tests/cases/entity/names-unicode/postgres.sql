-- 1. alter table "Straße"
ALTER TABLE "Straße" ALTER COLUMN "Größe" SET NOT NULL;
ALTER TABLE "Straße" ALTER COLUMN "名前" TYPE character varying(40);
ALTER TABLE "Straße" ADD COLUMN "Öffnung" time without time zone;
CREATE INDEX "Straße_nach-Größe_idx" ON "Straße" ("Größe");
ALTER TABLE "Straße" ADD CONSTRAINT "größer-null" CHECK ("Größe" > 0);
