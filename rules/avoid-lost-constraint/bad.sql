SET LOCAL lock_timeout = '2s';
-- finds: lost
ALTER TABLE orders DROP CONSTRAINT orders_status;
-- finds: nullable
ALTER TABLE orders ALTER COLUMN customer_id DROP NOT NULL;
