SET LOCAL lock_timeout = '2s';
-- also finds: require-checked-not-null
ALTER TABLE orders ALTER COLUMN quantity SET NOT NULL;
-- finds: repeats
-- also finds: require-not-valid-constraint
ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0);
