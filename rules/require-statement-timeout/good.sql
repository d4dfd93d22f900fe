SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN status text;
-- migration: a table of this run
CREATE TABLE drafts (id bigint PRIMARY KEY);
INSERT INTO drafts VALUES (1);
UPDATE drafts SET id = 2;
-- migration: an index that blocks nobody (no transaction)
CREATE INDEX CONCURRENTLY orders_note_idx ON orders (note);
