SET LOCAL lock_timeout = '2s';
-- also finds: require-index-for-foreign-key
ALTER TABLE orders ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer_id) REFERENCES customers NOT VALID;
-- finds: holdsLock
ALTER TABLE orders VALIDATE CONSTRAINT orders_customer_fkey;
