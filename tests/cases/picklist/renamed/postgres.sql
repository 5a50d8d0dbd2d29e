-- 1. rename picklist "status" to "order-status"
ALTER TABLE "status" RENAME TO "order-status";
ALTER TABLE "order-status" RENAME CONSTRAINT "status_pkey" TO "order-status_pkey";
