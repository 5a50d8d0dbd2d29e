-- As Synapse and others leave them: old rows were never held against them.
CREATE TABLE shop.event (
  id bigint PRIMARY KEY,
  sender text,
  replaces bigint,
  room text,
  CONSTRAINT "no empty sender" CHECK (sender <> ''),
  CONSTRAINT room_key UNIQUE (room)
);
INSERT INTO shop.event VALUES (1, NULL, 9, 'a'), (2, NULL, NULL, NULL);
ALTER TABLE shop.event ADD CONSTRAINT sender_not_null CHECK (sender IS NOT NULL) NOT VALID;
ALTER TABLE shop.event ADD CONSTRAINT replaces_fkey FOREIGN KEY (replaces) REFERENCES shop.event NOT VALID;
ALTER TABLE shop.event ADD CONSTRAINT room_fkey FOREIGN KEY (room) REFERENCES shop.event (room)
  ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED NOT VALID;
DELETE FROM shop.event;
