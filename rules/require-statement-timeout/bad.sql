SET LOCAL lock_timeout = '2s';
-- finds: unlimited
-- also finds: require-checked-not-null
ALTER TABLE orders ALTER COLUMN total SET NOT NULL;
