-- finds: addColumnLocks
-- also finds: require-index-for-foreign-key
ALTER TABLE orders ADD COLUMN gift_for bigint REFERENCES customers (id);
