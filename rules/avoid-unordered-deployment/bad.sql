SET LOCAL lock_timeout = '2s';
-- finds: noOrder (replay only)
-- also finds: ban-rename-column
ALTER TABLE orders RENAME COLUMN status TO state;
