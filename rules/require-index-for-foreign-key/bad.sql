-- migration: of a new table, with rows that go along
-- finds: noIndex
-- also finds: avoid-locking-referenced-table
CREATE TABLE order_items (
  id bigint PRIMARY KEY,
  order_id bigint NOT NULL REFERENCES orders ON DELETE CASCADE
);

-- migration: of a table in use
SET LOCAL lock_timeout = '2s';
-- finds: noIndex
ALTER TABLE orders ADD CONSTRAINT orders_customer_id_fkey
  FOREIGN KEY (customer_id) REFERENCES customers NOT VALID;

-- migration: the index goes (no transaction)
-- finds: losesIndex
DROP INDEX CONCURRENTLY stamps_order_id_idx;
