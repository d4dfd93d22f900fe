SET LOCAL lock_timeout = '2s';
-- finds: losesColumn (replay only)
-- also finds: avoid-stale-prepared-statements (replay only)
-- pgrehearse-allow ban-drop-column: no release since 4.12 reads it
ALTER TABLE orders DROP COLUMN note;

-- migration: another type
SET LOCAL lock_timeout = '2s';
-- finds: changesType (replay only)
-- also finds: avoid-stale-prepared-statements (replay only)
ALTER TABLE orders ALTER COLUMN placed_at TYPE timestamptz;

-- migration: NULL where there was none
SET LOCAL lock_timeout = '2s';
-- finds: maybeNull (replay only)
ALTER TABLE customers ALTER COLUMN email DROP NOT NULL;
ANALYZE orders (placed_at);
