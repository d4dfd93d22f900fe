SET LOCAL lock_timeout = '2s';
-- the new table is empty; the lock on customers lasts for an instant
CREATE TABLE addresses (id bigint PRIMARY KEY, customer_id bigint NOT NULL);
-- also finds: require-index-for-foreign-key
ALTER TABLE addresses ADD CONSTRAINT addresses_customer_fkey FOREIGN KEY (customer_id) REFERENCES customers (id);
