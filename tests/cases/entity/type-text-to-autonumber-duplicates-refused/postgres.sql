-- 1. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "code" TYPE text;
CREATE SEQUENCE "thing_code_seq";
ALTER SEQUENCE "thing_code_seq" OWNED BY "thing"."code";
COMMENT ON SEQUENCE "thing_code_seq" IS 'reconcile autonumber T-{seq}';
SELECT setval('"thing_code_seq"', count(*) + 1, false) FROM "thing";
ALTER TABLE "thing" ALTER COLUMN "code" SET DEFAULT ('T-' || nextval('"thing_code_seq"')::text);
ALTER TABLE "thing" ADD CONSTRAINT "thing_code_key" UNIQUE ("code");
