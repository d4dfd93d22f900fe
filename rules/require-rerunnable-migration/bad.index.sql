-- migration: two indexes (no transaction)
-- finds: inTheWay
CREATE INDEX CONCURRENTLY orders_note_idx ON orders (note);
CREATE INDEX CONCURRENTLY orders_total_idx ON orders (total);
