-- migration: each statement commits by itself (no transaction)
-- finds: waitsWithoutLimit
-- also finds: require-analyze
ALTER TABLE orders ALTER COLUMN placed_at TYPE timestamptz;

-- migration: a view is in use like a table
-- finds: waitsWithoutLimit
CREATE OR REPLACE VIEW recent AS SELECT id FROM orders WHERE placed_at > now() - interval '1 day';
