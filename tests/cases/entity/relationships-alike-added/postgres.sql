-- 1. alter table "part"
ALTER TABLE "part" ADD CONSTRAINT "one" FOREIGN KEY ("whole") REFERENCES "part" ("code");
ALTER TABLE "part" ADD CONSTRAINT "other" FOREIGN KEY ("whole") REFERENCES "part" ("code");
