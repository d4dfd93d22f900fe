SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN phone text;
-- finds: deadlocks
ALTER TABLE events ADD COLUMN kind text;
