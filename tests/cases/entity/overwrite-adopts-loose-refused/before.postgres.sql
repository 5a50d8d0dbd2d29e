CREATE TABLE country (code char(2) PRIMARY KEY, name varchar(40) COLLATE "C", level varchar);
INSERT INTO country VALUES ('DE', 'Germany', 'low'), ('FR', 'France', 'none');
