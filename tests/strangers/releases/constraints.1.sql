CREATE TABLE shop.job (id serial PRIMARY KEY, state text);
CREATE TABLE shop.session (
  job_id integer PRIMARY KEY REFERENCES shop.job ON DELETE CASCADE DEFERRABLE,
  since timestamp
);
CREATE TABLE shop.worker (
  id serial PRIMARY KEY,
  job_id integer REFERENCES shop.job DEFERRABLE,
  name varchar(20) DEFAULT NULL,
  slot integer,
  UNIQUE (slot) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO shop.job (state) VALUES ('done'), ('');
INSERT INTO shop.session VALUES (1, NULL);
INSERT INTO shop.worker (job_id, slot) VALUES (1, 1), (NULL, 2);
