-- migration: more room
SET LOCAL lock_timeout = '2s';
-- also finds: require-analyze
ALTER TABLE invoices ALTER COLUMN number TYPE varchar(40);
ALTER TABLE invoices ALTER COLUMN title TYPE text;
ALTER TABLE invoices ALTER COLUMN net TYPE numeric(14, 2);

-- migration: a new table
CREATE TABLE drafts (id bigint PRIMARY KEY, total numeric(12, 4), title text);
ALTER TABLE drafts ALTER COLUMN total TYPE numeric(12, 2);
ALTER TABLE drafts ALTER COLUMN title TYPE varchar(10) USING left(title, 10);

-- migration: another name of the same type
SET LOCAL lock_timeout = '2s';
ALTER TABLE invoices ALTER COLUMN visits TYPE int8;

-- migration: a CHECK says that all of it fits, accepted for its lock
SET LOCAL lock_timeout = '2s';
-- pgrehearse-allow avoid-table-rewrite: a maintenance window
-- also finds: require-analyze
ALTER TABLE invoices ALTER COLUMN code TYPE varchar(8);

-- migration: a wider type, accepted for its lock
CREATE TYPE longer AS ENUM ('open', 'paid', 'void', 'lost');
SET LOCAL lock_timeout = '2s';
-- pgrehearse-allow avoid-table-rewrite: a maintenance window
-- also finds: require-analyze
ALTER TABLE invoices ALTER COLUMN state TYPE longer USING state::text::longer;
-- pgrehearse-allow avoid-table-rewrite: a maintenance window
ALTER TABLE invoices ALTER COLUMN weight TYPE double precision USING weight * 1000;

-- migration: whole numbers fit into as many characters, accepted for its lock
SET LOCAL lock_timeout = '2s';
-- pgrehearse-allow avoid-table-rewrite: a maintenance window
-- also finds: require-analyze
ALTER TABLE invoices ALTER COLUMN visits TYPE varchar(20);

-- migration: moments become times of UTC, accepted for its lock
SET LOCAL lock_timeout = '2s';
-- pgrehearse-allow avoid-table-rewrite: a maintenance window
-- also finds: require-analyze
-- also finds: avoid-repeated-table-work
ALTER TABLE invoices ALTER COLUMN issued_at TYPE timestamp USING issued_at AT TIME ZONE 'UTC';
