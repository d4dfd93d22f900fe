SET LOCAL lock_timeout = '2s';
-- another in its place
ALTER TABLE orders DROP CONSTRAINT orders_status;
ALTER TABLE orders ADD CONSTRAINT orders_status_2 CHECK (status IN ('new', 'paid', 'sent')) NOT VALID;
-- migration: only another name
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders RENAME CONSTRAINT orders_customer TO orders_customer_id_fkey;
-- migration: an index in its place (no transaction)
CREATE UNIQUE INDEX CONCURRENTLY orders_number_key ON orders (number);
SET lock_timeout = '2s';
ALTER TABLE orders DROP CONSTRAINT orders_number;
