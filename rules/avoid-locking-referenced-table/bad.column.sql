-- finds: addColumnLocks
ALTER TABLE orders ADD COLUMN gift_for bigint REFERENCES customers (id);
