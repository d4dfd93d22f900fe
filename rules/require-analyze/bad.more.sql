-- migration: only one of two columns
SET LOCAL lock_timeout = '2s';
-- finds: losesStatistics
ALTER TABLE orders ALTER COLUMN number TYPE varchar(60), ALTER COLUMN email TYPE varchar;
ANALYZE orders (email);

-- migration: written anew, in a maintenance window
SET LOCAL lock_timeout = '2s';
-- pgrehearse-allow avoid-table-rewrite: the shop is closed meanwhile
-- finds: losesStatistics
ALTER TABLE refunds ALTER COLUMN amount TYPE bigint;

-- migration: some columns are not all, as far as expressions go (no transaction)
-- finds: noStatistics
CREATE INDEX CONCURRENTLY orders_note_idx ON orders (lower(note));
ANALYZE orders (note);
