CREATE TABLE shop.feature (
  id integer PRIMARY KEY,
  tag text, tags varchar(20)[], state varchar(9) NOT NULL DEFAULT 'new', level smallint, since timestamptz DEFAULT now()
);
INSERT INTO shop.feature VALUES (1, '{a,b}', '{x}', 'new', 3, '2026-01-01Z'), (2, NULL, NULL, 'old', NULL, NULL);
