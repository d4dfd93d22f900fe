-- migration: a view goes
SET LOCAL lock_timeout = '2s';
-- finds: failsMeanwhile (replay only)
DROP VIEW open_orders;

-- migration: and comes back
CREATE VIEW open_orders AS SELECT id, customer_id, code, note FROM orders WHERE status <> 'done';
