CREATE TABLE "country" ("code" TEXT NOT NULL PRIMARY KEY, "name" TEXT, "fax" TEXT);
CREATE TABLE "unrelated" ("x" INTEGER, "y" TEXT);
INSERT INTO "country" VALUES ('DE', 'Germany', '+49'), ('FR', 'France', NULL);
INSERT INTO "unrelated" VALUES (1, 'one');
