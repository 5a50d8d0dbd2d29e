CREATE TABLE shop.feature (
  id integer PRIMARY KEY,
  tag text[] DEFAULT '{}', tags text[], state varchar(20)[] NOT NULL DEFAULT '{new}', level bigint[], since timestamptz[]
);
INSERT INTO shop.feature VALUES (1, '{a}', '{x}', '{new}', NULL, NULL), (2, NULL, NULL, '{old}', NULL, NULL);
