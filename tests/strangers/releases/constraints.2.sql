CREATE TABLE shop.job (id bigserial PRIMARY KEY, state text);
CREATE TABLE shop.worker (
  id serial PRIMARY KEY,
  job_id bigint REFERENCES shop.job DEFERRABLE INITIALLY DEFERRED,
  name varchar(20),
  slot integer,
  UNIQUE (slot) INCLUDE (name)
);
ALTER SEQUENCE shop.worker_id_seq RENAME TO worker_seq;
INSERT INTO shop.job (state) VALUES ('done'), ('');
ALTER TABLE shop.job ADD CONSTRAINT job_state CHECK (state <> '') NOT VALID;
INSERT INTO shop.worker (job_id, slot) VALUES (1, 1), (NULL, 2);
