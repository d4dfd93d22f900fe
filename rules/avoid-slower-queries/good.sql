-- migration: the same index under another name (no transaction)
CREATE INDEX CONCURRENTLY orders_customer_id_placed_at_idx ON orders (customer_id, placed_at);
DROP INDEX CONCURRENTLY orders_customer_placed_idx;
-- migration: an index that can do more (no transaction)
CREATE INDEX CONCURRENTLY refunds_order_id_reason_idx ON refunds (order_id) INCLUDE (reason);
DROP INDEX CONCURRENTLY refunds_order_id_idx;
