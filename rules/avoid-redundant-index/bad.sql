-- migration: the same again (no transaction)
-- finds: sameIndex
CREATE INDEX CONCURRENTLY orders_by_customer ON orders (customer_id);

-- migration: the beginning of another (no transaction)
-- finds: prefixIndex
CREATE INDEX CONCURRENTLY orders_state_idx ON orders (state);

-- migration: the old one is the beginning of the new one (no transaction)
-- finds: prefixIndex
CREATE INDEX CONCURRENTLY orders_customer_id_placed_at_idx ON orders (customer_id, placed_at);
