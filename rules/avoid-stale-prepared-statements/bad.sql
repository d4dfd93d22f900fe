SET LOCAL lock_timeout = '2s';
-- finds: failsOnce (replay only)
-- also finds: avoid-changed-results (replay only)
ALTER TABLE orders ADD COLUMN channel text;

-- migration: longer codes, which no driver tells from shorter ones
SET LOCAL lock_timeout = '2s';
-- finds: failsOnce (replay only)
ALTER TABLE orders ALTER COLUMN code TYPE varchar(40);
ANALYZE orders (code);
