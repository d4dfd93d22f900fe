SET LOCAL lock_timeout = '2s';
-- finds: losesOptions
CREATE OR REPLACE VIEW titles AS SELECT id, body FROM notes;
-- migration: a table that is filled and swapped in
SET LOCAL lock_timeout = '2s';
CREATE TABLE orders_new (LIKE orders);
INSERT INTO orders_new SELECT * FROM orders;
ALTER TABLE orders RENAME TO orders_old;
-- finds: losesRowSecurity
ALTER TABLE orders_new RENAME TO orders;
-- migration: a materialized view
SET LOCAL lock_timeout = '2s';
DROP MATERIALIZED VIEW totals;
-- finds: losesProperties
CREATE MATERIALIZED VIEW totals AS SELECT tenant_id, max(total) AS total FROM orders GROUP BY tenant_id;
-- migration: a function that not everybody may call
DROP FUNCTION purge(integer);
-- finds: losesProperties (replay only)
CREATE FUNCTION purge(days integer) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint';
