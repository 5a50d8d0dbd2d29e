CREATE TABLE "country" ("code" TEXT NOT NULL PRIMARY KEY, "name" TEXT NOT NULL, "fax" TEXT NOT NULL);
INSERT INTO "country" VALUES ('DE', 'Germany', '+49'), ('FR', 'France', '+33');
