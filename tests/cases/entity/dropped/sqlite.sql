-- 1. keep the rows of table "fax"
CREATE TABLE "_reconcile_trash_1" ("id", "sender");
INSERT INTO "_reconcile_trash_1" ("id", "sender") SELECT "id", "sender" FROM "fax";

-- 2. drop table "fax"
DROP TABLE "fax";
