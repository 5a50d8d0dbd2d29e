-- Keys that count by sequences that nobody owns, as Tryton made them; one is shared.
CREATE SEQUENCE shop.party_id_seq;
CREATE SEQUENCE shop."party-address_id_seq";
CREATE SEQUENCE shop.id;
CREATE TABLE shop.party (id integer DEFAULT nextval(format('%I', 'party_id_seq')::regclass) PRIMARY KEY, pg_search text);
CREATE TABLE shop."party-address" (
  id integer DEFAULT nextval('shop."party-address_id_seq"') PRIMARY KEY,
  party integer NOT NULL REFERENCES shop.party,
  active boolean,
  iban text,
  EXCLUDE USING btree (iban WITH =) WHERE (active),
  CONSTRAINT only_one EXCLUDE USING btree ((id * 0) WITH =) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE shop.move (id integer DEFAULT nextval('shop.id') PRIMARY KEY);
CREATE TABLE shop.line (id integer DEFAULT nextval('shop.id') PRIMARY KEY);
INSERT INTO shop.party DEFAULT VALUES;
INSERT INTO shop."party-address" (party) VALUES (1);
