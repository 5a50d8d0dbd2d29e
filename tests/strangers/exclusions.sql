-- Rows kept apart by other operators than `=`, and names that a manifest writes in another way.
CREATE TABLE shop.booking (
  id bigserial PRIMARY KEY,
  during int4range,
  room text COLLATE "C",
  active boolean,
  EXCLUDE USING gist (during WITH &&) WHERE (active),
  CONSTRAINT "one room" EXCLUDE USING hash (room WITH =) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX "IX_dbo.booking/room" ON shop.booking (room);
CREATE UNIQUE INDEX "UX_dbo.booking" ON shop.booking (room, id);
