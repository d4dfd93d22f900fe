SET LOCAL lock_timeout = '2s';
DROP VIEW open_orders;
CREATE VIEW open_orders AS SELECT id, total FROM orders;
GRANT SELECT ON open_orders TO PUBLIC;
COMMENT ON VIEW open_orders IS 'all of them';
-- migration: another kind of thing
SET LOCAL lock_timeout = '2s';
CREATE TABLE people (LIKE tenants INCLUDING ALL);
DROP TABLE people;
CREATE VIEW people AS SELECT id, name FROM tenants;
