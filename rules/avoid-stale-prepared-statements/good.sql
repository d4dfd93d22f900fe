-- migration: what the result is made of stays as it is
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ALTER COLUMN total SET DEFAULT 0;

-- migration: another index (no transaction)
CREATE INDEX CONCURRENTLY orders_code_idx ON orders (code);
