-- migration: two columns (no transaction)
SET lock_timeout = '2s';
-- finds: inTheWay
ALTER TABLE orders ADD COLUMN status text;
ALTER TABLE orders ADD COLUMN paid boolean;
