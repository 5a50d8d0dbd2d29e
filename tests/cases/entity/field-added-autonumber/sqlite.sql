-- 1. rebuild table "customer"
PRAGMA legacy_alter_table = ON;
CREATE TABLE "_reconcile_new_customer" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "name" TEXT CHECK (length("name") <= 40),
  "number" TEXT
) STRICT;
INSERT INTO "_reconcile_new_customer" ("id", "name", "number")
  SELECT "id", "name", 'C-' || printf('%04d', row_number() OVER ())
  FROM "customer";
DROP TABLE "customer";
ALTER TABLE "_reconcile_new_customer" RENAME TO "customer";
PRAGMA legacy_alter_table = OFF;
CREATE UNIQUE INDEX "customer.number.unique" ON "customer" ("number");
CREATE TRIGGER "_reconcile_autonumber.customer.number" AFTER INSERT ON "customer" WHEN NEW."number" IS NULL
BEGIN
  -- format C-{seq:4}
  INSERT INTO "_reconcile_sequence" ("name", "next") VALUES ('customer.number', 2)
    ON CONFLICT ("name") DO UPDATE SET "next" = "next" + 1;
  UPDATE "customer" SET "number" = 'C-' || printf('%04d', (SELECT "next" - 1 FROM "_reconcile_sequence" WHERE "name" = 'customer.number')) WHERE "id" IS NEW."id";
END;
INSERT INTO "_reconcile_sequence" ("name", "next") SELECT 'customer.number', count(*) + 1 FROM "customer" WHERE true ON CONFLICT ("name") DO UPDATE SET "next" = max("next", excluded."next");
