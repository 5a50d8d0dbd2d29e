-- 1. keep values of table "customer"
LOCK TABLE "customer" IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE "reconcile"."trash_1" AS SELECT "id" AS "key id", "fax" AS "was fax" FROM "customer" WHERE "fax" IS NOT NULL;

-- 2. create table "contact"
CREATE TABLE "contact" (
  "id" uuid NOT NULL DEFAULT gen_random_uuid(),
  "fax" character varying(40),
  CONSTRAINT "contact_pkey" PRIMARY KEY ("id")
);

-- 3. task keep-fax (before)
INSERT INTO contact (id, fax) SELECT id, fax FROM customer WHERE fax IS NOT NULL;

-- 4. alter table "customer"
ALTER TABLE "customer" DROP COLUMN "fax";
ALTER TABLE "customer" ADD COLUMN "contact" uuid;
ALTER TABLE "customer" ADD CONSTRAINT "customer_contact_fkey" FOREIGN KEY ("contact") REFERENCES "contact" ("id");
