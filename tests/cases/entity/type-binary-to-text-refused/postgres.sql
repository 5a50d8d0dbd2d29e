-- 1. keep values of table "thing"
LOCK TABLE "thing" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "_reconcile_from_value" AS "was value", "value" AS "now value" FROM (SELECT ctid AS "_reconcile_place", "id" AS "id", CASE WHEN (CASE WHEN octet_length("value") > 100000000 THEN false WHEN encode("value", 'hex') ~ '^(?:0[1-9a-f]|[1-7][0-9a-f])*$' OR (getdatabaseencoding() = 'UTF8' AND encode("value", 'hex') ~ '^(?:0[1-9a-f]|[1-7][0-9a-f]|(?:c[2-9a-f]|d[0-9a-f])[89ab][0-9a-f]|e0[ab][0-9a-f][89ab][0-9a-f]|e[1-9a-cef](?:[89ab][0-9a-f]){2}|ed[89][0-9a-f][89ab][0-9a-f]|f0[9ab][0-9a-f](?:[89ab][0-9a-f]){2}|f[1-3](?:[89ab][0-9a-f]){3}|f48[0-9a-f](?:[89ab][0-9a-f]){2})*$') THEN true ELSE false END) THEN convert_from("value", 'UTF8')::text END AS "value", "id" AS "_reconcile_from_id", "value" AS "_reconcile_from_value" FROM "thing") AS rows WHERE ("_reconcile_from_value" IS NOT NULL OR "value" IS NOT NULL);

-- 2. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" DROP DEFAULT;
ALTER TABLE "thing" ALTER COLUMN "value" TYPE text USING convert_from("value", 'UTF8');
