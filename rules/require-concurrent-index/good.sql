-- migration: an index of its own (no transaction)
CREATE INDEX CONCURRENTLY idx_orders_user_id ON orders (user_id);
REINDEX INDEX CONCURRENTLY orders_placed_at_idx;

-- migration: a table that nobody uses yet
CREATE TABLE invoices (id bigint PRIMARY KEY, order_id bigint NOT NULL);
-- also finds: avoid-redundant-index
CREATE INDEX invoices_order_id_idx ON invoices (order_id);

-- migration: its index again, from a later file
CREATE UNIQUE INDEX invoices_order_key ON invoices (order_id, id);

-- migration: nobody writes to a materialized view
CREATE UNIQUE INDEX daily_user_id_key ON daily (user_id);
