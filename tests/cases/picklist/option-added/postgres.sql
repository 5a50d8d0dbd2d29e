-- 1. change options of picklist "status"
UPDATE "status" SET "position" = 1 WHERE "name" = 'open';
INSERT INTO "status" ("name", "label", "position", "color", "retired") VALUES
  ('sent', 'Sent', 2, NULL, false);
UPDATE "status" SET "position" = 3 WHERE "name" = 'paid';
UPDATE "status" SET "position" = 4 WHERE "name" = 'lost';
