SET LOCAL lock_timeout = '2s';
-- finds: blocks
ALTER TABLE orders ADD COLUMN priority integer;
