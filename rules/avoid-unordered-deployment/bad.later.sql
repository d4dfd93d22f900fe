-- migration: the new column
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN state text;

-- migration: the old one, in the same release
SET LOCAL lock_timeout = '2s';
-- finds: noOrder (replay only)
-- also finds: ban-drop-column
ALTER TABLE orders DROP COLUMN status;
