-- 1. rebuild table "thing"
CREATE TABLE "_reconcile_old_thing" AS SELECT "id", "code" FROM "thing";
DROP TABLE "thing";
CREATE TABLE "thing" (
  "id" TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))),
  "code" TEXT
) STRICT;
INSERT INTO "thing" ("id", "code")
  SELECT "id", "code"
  FROM "_reconcile_old_thing";
DROP TABLE "_reconcile_old_thing";
CREATE UNIQUE INDEX "thing.code.unique" ON "thing" ("code");
CREATE TRIGGER "_reconcile_autonumber.thing.code" AFTER INSERT ON "thing" WHEN NEW."code" IS NULL
BEGIN
  -- format T-{seq}
  INSERT INTO "_reconcile_sequence" ("name", "next") VALUES ('thing.code', 2)
    ON CONFLICT ("name") DO UPDATE SET "next" = "next" + 1;
  UPDATE "thing" SET "code" = 'T-' || CAST((SELECT "next" - 1 FROM "_reconcile_sequence" WHERE "name" = 'thing.code') AS TEXT) WHERE "id" IS NEW."id";
END;
INSERT INTO "_reconcile_sequence" ("name", "next") SELECT 'thing.code', count(*) + 1 FROM "thing" WHERE true ON CONFLICT ("name") DO UPDATE SET "next" = max("next", excluded."next");
