-- 1. rename table "client" to "customer"
ALTER TABLE "client" RENAME TO "customer";
