-- options: {"longest": "5s"}
SET LOCAL lock_timeout = '1min';
-- finds: waitsTooLong
ALTER TABLE orders ADD COLUMN priority integer;
SET LOCAL lock_timeout = '5s';
DROP VIEW recent;
