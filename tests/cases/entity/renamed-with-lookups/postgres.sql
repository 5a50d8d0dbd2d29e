-- 1. rename table "client" to "customer"
ALTER TABLE "client" RENAME TO "customer";
ALTER TABLE "customer" RENAME CONSTRAINT "client_pkey" TO "customer_pkey";
