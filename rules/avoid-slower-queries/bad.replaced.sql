-- migration: an index without the column that was sorted by (no transaction)
CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id);
-- finds: slower (replay only)
DROP INDEX CONCURRENTLY orders_customer_placed_idx;
