-- 1. rename picklist "status" to "order-status"
ALTER TABLE "status" RENAME TO "order-status";
