-- 1. alter table "order"
ALTER TABLE "order" DROP CONSTRAINT "order_status_fkey";
ALTER TABLE "order" ALTER COLUMN "status" TYPE character varying(20) USING CASE WHEN char_length("status") <= 20 THEN "status" ELSE "status" || repeat('.', 20 + 1) END;
