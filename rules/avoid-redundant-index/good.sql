-- migration: another condition, order, class, included column, or a uniqueness of its own (no transaction)
CREATE INDEX CONCURRENTLY orders_open_idx ON orders (customer_id) WHERE state = 'open';
CREATE INDEX CONCURRENTLY orders_newest_idx ON orders (state, placed_at DESC);
CREATE INDEX CONCURRENTLY orders_search_idx ON orders (number text_pattern_ops);
CREATE INDEX CONCURRENTLY orders_tags_idx ON orders USING gin (tags);
CREATE INDEX CONCURRENTLY orders_hash_idx ON orders USING hash (customer_id);
CREATE UNIQUE INDEX CONCURRENTLY orders_number_key ON orders (number);
CREATE INDEX CONCURRENTLY orders_number_state_idx ON orders (number, state);

-- migration: the old one goes in the same run (no transaction)
CREATE INDEX CONCURRENTLY orders_customer_placed_idx ON orders (customer_id, placed_at);
DROP INDEX CONCURRENTLY orders_customer_id_idx;

-- migration: built anew (no transaction)
REINDEX INDEX CONCURRENTLY orders_state_placed_at_idx;

-- migration: the columns in another order (no transaction)
CREATE INDEX CONCURRENTLY orders_placed_state_idx ON orders (placed_at, state);

-- migration: a small table (no transaction)
CREATE INDEX CONCURRENTLY countries_code_id_idx ON countries (code, id);
