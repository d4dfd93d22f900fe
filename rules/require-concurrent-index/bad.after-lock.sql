-- the lock of the first statement makes reads wait as well
ALTER TABLE orders ADD COLUMN note text;
-- finds: blocksWrites
CREATE INDEX orders_note_idx ON orders (note);
