-- Sequences that kept a former name, that belong to no column, and that two columns share.
CREATE TABLE shop.webhook (id serial PRIMARY KEY, "Big" bigserial);
ALTER SEQUENCE shop.webhook_id_seq RENAME TO incoming_hook_id_seq;
ALTER SEQUENCE shop."webhook_Big_seq" RENAME TO "Incoming Big";
CREATE TABLE shop.checkin (id bigint GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME shop.droid_id_seq START WITH 7) PRIMARY KEY);
CREATE SEQUENCE shop.id;
CREATE SEQUENCE shop."Object Id";
CREATE TABLE shop.ap (id integer DEFAULT nextval('shop.id') PRIMARY KEY, object bigint DEFAULT nextval('shop."Object Id"'));
CREATE TABLE shop.ar (id integer DEFAULT nextval('shop.id') PRIMARY KEY);
CREATE SEQUENCE shop.person_seq;
CREATE TABLE shop.person (id integer DEFAULT nextval('person_seq'::text) PRIMARY KEY);
