-- 1. alter table "select"
ALTER TABLE "select" ALTER COLUMN "order by" TYPE character varying(20);
ALTER TABLE "select" ADD COLUMN "table" uuid;
CREATE INDEX "select_where_idx" ON "select" ("group");
ALTER TABLE "select" ADD CONSTRAINT "select_table_fkey" FOREIGN KEY ("table") REFERENCES "select" ("id") ON DELETE SET NULL;
ALTER TABLE "select" ADD CONSTRAINT "select_primary_key" UNIQUE ("order by", "group");
ALTER TABLE "select" ADD CONSTRAINT "check" CHECK ("group" >= 0 AND "order by" <> 'from');
