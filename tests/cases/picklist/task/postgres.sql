-- 1. task open-all (after)
UPDATE "order" SET status = 'open' WHERE status = 'draft';
