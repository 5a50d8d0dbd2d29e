-- 1. alter table "order"
ALTER TABLE "order" DROP CONSTRAINT "order_state_fkey";
ALTER TABLE "order" DROP COLUMN "state";

-- 2. drop picklist "state"
DROP TABLE "state";

-- 3. rename table "ticket" to "state"
ALTER TABLE "ticket" RENAME TO "state";
ALTER TABLE "state" RENAME CONSTRAINT "ticket_pkey" TO "state_pkey";
