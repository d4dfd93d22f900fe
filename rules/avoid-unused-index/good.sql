-- migration: a query uses it (no transaction)
CREATE INDEX CONCURRENTLY orders_reference_idx ON orders (reference);
-- migration: deleting a customer looks up its orders (no transaction)
-- also finds: avoid-redundant-index
CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id);
-- migration: it enforces something (no transaction)
CREATE UNIQUE INDEX CONCURRENTLY orders_customer_reference_key ON orders (customer_id, reference);
