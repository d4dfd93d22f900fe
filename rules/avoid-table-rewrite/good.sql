-- migration: defaults that are the same for all rows
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN imported_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE orders ADD COLUMN priority integer NOT NULL DEFAULT 0;

-- migration: more room for the same bytes
SET LOCAL lock_timeout = '2s';
-- also finds: require-analyze
ALTER TABLE orders ALTER COLUMN code TYPE varchar(50);
ALTER TABLE orders ALTER COLUMN code TYPE text;

-- migration: under UTC, and no index to build anew
SET LOCAL lock_timeout = '2s';
-- also finds: require-analyze
ALTER TABLE orders ALTER COLUMN shipped_at TYPE timestamptz;

-- migration: how values are stored counts for new rows only
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ALTER COLUMN code SET STORAGE EXTERNAL;

-- migration: readers go on
REFRESH MATERIALIZED VIEW CONCURRENTLY totals;

-- migration: a new table may be rewritten
CREATE TABLE items (id bigint PRIMARY KEY, weight integer);
ALTER TABLE items ALTER COLUMN weight TYPE bigint;
