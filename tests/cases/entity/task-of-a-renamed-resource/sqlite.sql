-- 1. rename table "order" to "purchase"
ALTER TABLE "order" RENAME TO "purchase";
