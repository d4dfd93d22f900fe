SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN priority integer;
RESET lock_timeout;
-- finds: waitsWithoutLimit
DROP VIEW recent;
