-- migration: bounded
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN priority integer;

-- migration: does not wait
LOCK TABLE orders IN ACCESS EXCLUSIVE MODE NOWAIT;
ALTER TABLE orders ADD COLUMN weight integer;

-- migration: locks that let reads and writes go on
ALTER TABLE orders ALTER COLUMN note SET STATISTICS 500;
ALTER TABLE orders SET (fillfactor = 80);
COMMENT ON TABLE orders IS 'What customers bought';
CREATE VIEW notes AS SELECT note FROM orders;

-- migration: a table of this run
CREATE TABLE drafts (id bigint);
ALTER TABLE drafts ADD COLUMN note text;

-- migration: nothing there to lock
DROP TABLE IF EXISTS leftovers;
