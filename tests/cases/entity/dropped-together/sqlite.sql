-- 1. keep the rows of table "order-line"
CREATE TABLE "_reconcile_trash_1" ("id", "order");
INSERT INTO "_reconcile_trash_1" ("id", "order") SELECT "id", "order" FROM "order-line";

-- 2. keep the rows of table "order"
CREATE TABLE "_reconcile_trash_2" ("id", "subject");
INSERT INTO "_reconcile_trash_2" ("id", "subject") SELECT "id", "subject" FROM "order";

-- 3. drop table "order-line"
DROP TABLE "order-line";

-- 4. drop table "order"
DROP TABLE "order";
