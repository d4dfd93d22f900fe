-- migration: a column that grows
SET LOCAL lock_timeout = '2s';
-- also finds: avoid-table-rewrite
ALTER TABLE orders ALTER COLUMN quantity TYPE bigint;

-- migration: and a second one, in the next file
SET LOCAL lock_timeout = '2s';
-- finds: repeats
-- also finds: avoid-table-rewrite
ALTER TABLE orders ALTER COLUMN total TYPE bigint;
