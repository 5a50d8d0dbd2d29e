-- 1. rename table "order" to "purchase"
ALTER TABLE "order" RENAME TO "purchase";
ALTER TABLE "purchase" RENAME CONSTRAINT "order_pkey" TO "purchase_pkey";
