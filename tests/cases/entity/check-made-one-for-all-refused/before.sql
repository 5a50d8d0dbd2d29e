CREATE TABLE "order" ("number" text PRIMARY KEY, "total" integer, "rank" integer);
INSERT INTO "order" VALUES ('a', -1, 0);
