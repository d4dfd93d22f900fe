-- migration: fewer characters
-- finds: rewritesTable
-- also finds: avoid-lossy-type-change
ALTER TABLE orders ALTER COLUMN code TYPE varchar(10);

-- migration: another calculation
-- finds: rewritesTable
-- also finds: avoid-repeated-table-work
ALTER TABLE orders ALTER COLUMN total TYPE numeric(12, 2) USING total / 100.0;

-- migration: under a time zone that is not UTC
SET LOCAL TimeZone = 'Europe/Berlin';
-- finds: rewritesTable
ALTER TABLE orders ALTER COLUMN shipped_at TYPE timestamptz;
