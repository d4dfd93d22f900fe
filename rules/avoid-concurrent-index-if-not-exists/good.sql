-- migration: may be run again after a failure (no transaction)
DROP INDEX CONCURRENTLY IF EXISTS orders_user_id_idx;
CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);

-- migration: dropped first, it cannot be there (no transaction)
DROP INDEX CONCURRENTLY IF EXISTS orders_state_idx;
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_state_idx ON orders (state);

-- migration: rolled back as a whole, a plain index leaves nothing behind
CREATE TABLE visits (id bigint, path text);
CREATE INDEX IF NOT EXISTS visits_path_idx ON visits (path);
