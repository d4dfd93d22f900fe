-- migration: accepted, with the reason
SET LOCAL lock_timeout = '2s';
-- pgrehearse-allow ban-drop-column: no code names it since release 2026.11
ALTER TABLE orders DROP COLUMN note;

-- migration: a column that is not there
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders DROP COLUMN IF EXISTS total;

-- migration: a column of this run
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN draft text;

-- migration: and back
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders DROP COLUMN draft;
