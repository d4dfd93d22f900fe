-- migration: the old name stays usable
SET LOCAL lock_timeout = '2s';
ALTER TABLE users RENAME TO accounts;
CREATE VIEW users AS SELECT * FROM accounts;

-- migration: a table takes the place of another, accepted as two tables at once
SET LOCAL lock_timeout = '2s';
ALTER TABLE prices RENAME TO prices_old;
-- pgrehearse-allow avoid-locking-several-tables: both names change together or not at all
ALTER TABLE prices_new RENAME TO prices;

-- migration: a table of this run
CREATE TABLE staging (id bigint);
ALTER TABLE staging RENAME TO imports;
