-- Every key is a serial integer, and every foreign key has a name that tells its far end.
CREATE TABLE shop.organizer (id serial PRIMARY KEY, slug varchar(50) NOT NULL);
CREATE TABLE shop.event (
  id serial PRIMARY KEY,
  organizer_id integer NOT NULL CONSTRAINT event_organizer_id_373881ef_fk_organizer_id REFERENCES shop.organizer DEFERRABLE INITIALLY DEFERRED,
  parent_id integer CONSTRAINT event_parent_id_2c_fk_event_id REFERENCES shop.event DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX event_organizer_id_373881ef ON shop.event (organizer_id);
CREATE TABLE shop.quota (
  id serial PRIMARY KEY,
  event_id integer NOT NULL CONSTRAINT quota_event_id_9a_fk_event_id REFERENCES shop.event DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO shop.organizer (slug) VALUES ('a'), ('b');
INSERT INTO shop.event (organizer_id, parent_id) VALUES (1, NULL), (2, 1);
INSERT INTO shop.quota (event_id) VALUES (1), (2), (2);
