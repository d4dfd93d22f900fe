-- migration: a column that no query names
SET LOCAL lock_timeout = '2s';
-- pgrehearse-allow ban-drop-column: no release since 4.12 reads it
ALTER TABLE orders DROP COLUMN legacy_code;

-- migration: required, with a default
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN channel text NOT NULL DEFAULT 'web';

-- migration: another index for ON CONFLICT first (no transaction)
CREATE UNIQUE INDEX CONCURRENTLY orders_code_idx ON orders (code);
DROP INDEX CONCURRENTLY orders_code_key;

-- migration: nobody sees the schema in between
SET LOCAL lock_timeout = '2s';
DROP VIEW open_orders;
CREATE VIEW open_orders AS SELECT id, customer_id, code FROM orders WHERE status <> 'done';
