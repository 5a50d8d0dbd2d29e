CREATE TABLE country (code VARCHAR(2) PRIMARY KEY, name NVARCHAR(40) COLLATE NOCASE, level);
INSERT INTO country VALUES ('DE', 'Germany', 'low'), ('FR', 'France', NULL);
