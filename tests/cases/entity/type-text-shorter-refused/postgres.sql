-- 1. alter table "thing"
ALTER TABLE "thing" ALTER COLUMN "value" TYPE character varying(5) USING CASE WHEN char_length("value") <= 5 THEN "value" ELSE "value" || repeat('.', 5 + 1) END;
