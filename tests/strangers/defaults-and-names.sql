-- Defaults that are no value, and a table that is called like a type.
CREATE TABLE shop.text (
  old_id serial PRIMARY KEY,
  old_text text NOT NULL,
  flags varchar(10) DEFAULT NULL::varchar,
  total numeric(9,2) DEFAULT NULL,
  seen timestamp(3) DEFAULT NULL,
  note text DEFAULT NULL,
  kind varchar(10) DEFAULT 'a'::text
);
CREATE TABLE shop."date" ("integer" integer DEFAULT 1, "Day" date DEFAULT CURRENT_DATE, CHECK ("integer" > 0));
