SET LOCAL lock_timeout = '2s';
-- finds: lost
ALTER TABLE orders DROP CONSTRAINT orders_number;
