-- migration: one table
SET LOCAL lock_timeout = '2s';
ALTER TABLE payments ADD COLUMN priority integer;

-- migration: a foreign key between tables that no transaction of the application has in the other order
SET LOCAL lock_timeout = '2s';
ALTER TABLE audits ADD CONSTRAINT audits_order_fkey FOREIGN KEY (id) REFERENCES orders NOT VALID;

-- migration: reads do not conflict with what ADD FOREIGN KEY locks, so report waits for nothing
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD CONSTRAINT orders_payment_fkey FOREIGN KEY (id) REFERENCES payments NOT VALID;

-- migration: each statement commits by itself (no transaction)
SET lock_timeout = '2s';
ALTER TABLE payments ADD COLUMN weight integer;
ALTER TABLE orders ADD COLUMN weight integer;

-- migration: a new table locks only what it refers to
SET LOCAL lock_timeout = '2s';
CREATE TABLE fees (id bigint PRIMARY KEY, payment_id bigint);
