-- migration: outside a transaction (no transaction)
DROP INDEX CONCURRENTLY orders_state_idx;
DROP INDEX CONCURRENTLY IF EXISTS orders_total_idx;

-- migration: nothing to drop
DROP INDEX IF EXISTS orders_total_idx;

-- migration: an index that this run created
CREATE TABLE visits (id bigint, path text);
CREATE INDEX visits_path_idx ON visits (path);
DROP INDEX visits_path_idx;
