-- 1. create table "invoice"
CREATE TABLE "invoice" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "number" TEXT,
  "subject" TEXT CHECK (length("subject") <= 80)
) STRICT;
CREATE UNIQUE INDEX "invoice.number.unique" ON "invoice" ("number");
CREATE UNIQUE INDEX "invoice.by-number" ON "invoice" ("number");
CREATE TRIGGER "_reconcile_autonumber.invoice.number" AFTER INSERT ON "invoice" WHEN NEW."number" IS NULL
BEGIN
  -- format INV-{seq:5}
  INSERT INTO "_reconcile_sequence" ("name", "next") VALUES ('invoice.number', 2)
    ON CONFLICT ("name") DO UPDATE SET "next" = "next" + 1;
  UPDATE "invoice" SET "number" = 'INV-' || printf('%05d', (SELECT "next" - 1 FROM "_reconcile_sequence" WHERE "name" = 'invoice.number')) WHERE "id" IS NEW."id";
END;
