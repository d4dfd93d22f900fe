-- migration: forms that take what is there (no transaction)
SET lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN IF NOT EXISTS status text;
CREATE OR REPLACE VIEW open_orders AS SELECT id FROM orders WHERE status = 'open';
ALTER TABLE orders ADD COLUMN IF NOT EXISTS paid boolean;
-- migration: indexes (no transaction)
DROP INDEX CONCURRENTLY IF EXISTS orders_note_idx;
CREATE INDEX CONCURRENTLY orders_note_idx ON orders (note);
ANALYZE orders;
-- migration: only one (no transaction)
SET lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN sent boolean;
-- migration: in one transaction
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN tax numeric;
ALTER TABLE orders ADD COLUMN net numeric;
