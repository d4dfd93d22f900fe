-- migration: an index that nobody asked for (no transaction)
-- finds: unused (replay only)
CREATE INDEX CONCURRENTLY orders_note_idx ON orders (note);
