SET LOCAL lock_timeout = '2s';
DROP VIEW open_orders;
CREATE VIEW open_orders AS SELECT id, total, tenant_id FROM orders WHERE total > 0;
GRANT SELECT ON open_orders TO app, reporting;
COMMENT ON VIEW open_orders IS 'what is to be paid';
-- migration: rights and comment stay with a view that is replaced
SET LOCAL lock_timeout = '2s';
CREATE OR REPLACE VIEW open_orders AS SELECT id, total, tenant_id FROM orders WHERE total >= 1;
CREATE OR REPLACE VIEW titles WITH (security_barrier) AS SELECT id, body FROM notes;
-- migration: a function with the rights it had
DROP FUNCTION purge(integer);
CREATE FUNCTION purge(days integer) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint';
REVOKE EXECUTE ON FUNCTION purge(integer) FROM PUBLIC;
