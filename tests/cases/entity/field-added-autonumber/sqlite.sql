-- 1. rebuild table "customer"
CREATE TABLE "_reconcile_old_customer" AS SELECT "id", "name" FROM "customer";
DROP TABLE "customer";
CREATE TABLE "customer" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT CHECK (length("name") <= 40),
  "number" TEXT
) STRICT;
INSERT INTO "customer" ("id", "name", "number")
  SELECT "id", "name", 'C-' || printf('%04d', row_number() OVER ())
  FROM "_reconcile_old_customer";
DROP TABLE "_reconcile_old_customer";
CREATE UNIQUE INDEX "customer.number.unique" ON "customer" ("number");
CREATE TRIGGER "_reconcile_autonumber.customer.number" AFTER INSERT ON "customer" WHEN NEW."number" IS NULL
BEGIN
  -- format C-{seq:4}
  INSERT INTO "_reconcile_sequence" ("name", "next") VALUES ('customer.number', 2)
    ON CONFLICT ("name") DO UPDATE SET "next" = "next" + 1;
  UPDATE "customer" SET "number" = 'C-' || printf('%04d', (SELECT "next" - 1 FROM "_reconcile_sequence" WHERE "name" = 'customer.number')) WHERE "id" IS NEW."id";
END;
INSERT INTO "_reconcile_sequence" ("name", "next") SELECT 'customer.number', count(*) + 1 FROM "customer" WHERE true ON CONFLICT ("name") DO UPDATE SET "next" = max("next", excluded."next");
