-- migration: a column of a table that is read by name
SET LOCAL lock_timeout = '2s';
ALTER TABLE customers ADD COLUMN phone text;

-- migration: required now
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD CONSTRAINT orders_note_present CHECK (note IS NOT NULL) NOT VALID;

-- migration: a name that nobody reads
SET LOCAL lock_timeout = '2s';
-- pgrehearse-allow ban-rename-column: no release since 4.12 reads it
ALTER TABLE customers RENAME COLUMN city TO town;
