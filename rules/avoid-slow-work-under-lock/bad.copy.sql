SET LOCAL lock_timeout = '2s';
-- the foreign key of the new table locks customers
-- also finds: require-index-for-foreign-key
CREATE TABLE archive (id bigint, customer_id bigint REFERENCES customers, total integer);
-- finds: holdsLock
INSERT INTO archive SELECT id, customer_id, total FROM orders WHERE state = 'done';
