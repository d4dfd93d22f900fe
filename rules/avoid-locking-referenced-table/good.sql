-- migration: 1 the table
CREATE TABLE reviews (id bigint PRIMARY KEY, customer_id bigint NOT NULL, product_id bigint NOT NULL);

-- migration: 2 a foreign key
SET LOCAL lock_timeout = '2s';
-- also finds: require-index-for-foreign-key
ALTER TABLE reviews ADD CONSTRAINT reviews_customer_fkey FOREIGN KEY (customer_id) REFERENCES customers;

-- migration: 3 another
SET LOCAL lock_timeout = '2s';
-- also finds: require-index-for-foreign-key
ALTER TABLE reviews ADD CONSTRAINT reviews_product_fkey FOREIGN KEY (product_id) REFERENCES products;

-- migration: one reference, the wait for it bounded
SET LOCAL lock_timeout = '2s';
-- also finds: require-index-for-foreign-key
CREATE TABLE addresses (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers);

-- migration: references among new tables, and to itself
-- also finds: require-index-for-foreign-key
CREATE TABLE folders (id bigint PRIMARY KEY, parent_id bigint REFERENCES folders);
CREATE TABLE files (id bigint PRIMARY KEY, folder_id bigint REFERENCES folders);
DROP TABLE files;

-- migration: partitions are no other tables
SET LOCAL lock_timeout = '2s';
ALTER TABLE events ADD CONSTRAINT events_kind CHECK (kind <> '') NOT VALID;
ALTER TABLE events DROP CONSTRAINT events_kind;
