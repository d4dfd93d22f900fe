-- migration: add only; the new code comes after it
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN state text;
