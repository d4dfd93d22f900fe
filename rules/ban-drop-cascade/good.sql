-- migration: it removes nothing more than the table with its index
SET LOCAL lock_timeout = '2s';
-- pgrehearse-allow ban-drop-table: replaced by the web server's log since release 2026.11
DROP TABLE visits CASCADE;

-- migration: only what this run created
SET LOCAL lock_timeout = '2s';
CREATE TABLE staging (id bigint PRIMARY KEY);
CREATE VIEW staged AS SELECT id FROM staging;
DROP TABLE staging CASCADE;

-- migration: by name
SET LOCAL lock_timeout = '2s';
DROP VIEW active_names;
DROP VIEW active_customers;
