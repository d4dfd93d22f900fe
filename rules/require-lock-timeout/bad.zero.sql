-- migration: switched off
SET LOCAL lock_timeout = 0;
-- finds: setToZero
ALTER TABLE orders ADD COLUMN priority integer;

-- migration: in the wrong place
-- finds: tooLate
ALTER TABLE orders ADD COLUMN weight integer;
SET LOCAL lock_timeout = '2s';
DROP VIEW recent;
