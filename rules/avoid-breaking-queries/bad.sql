SET LOCAL lock_timeout = '2s';
-- finds: missing (replay only)
-- pgrehearse-allow ban-drop-column: no release since 4.12 reads it
ALTER TABLE orders DROP COLUMN note;

-- migration: a default that INSERT relies on
SET LOCAL lock_timeout = '2s';
-- finds: omitsRequired (replay only)
ALTER TABLE orders ALTER COLUMN status DROP DEFAULT;

-- migration: the index behind ON CONFLICT (no transaction)
-- finds: losesConflictTarget (replay only)
DROP INDEX CONCURRENTLY orders_code_key;
