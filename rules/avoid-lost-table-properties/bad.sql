SET LOCAL lock_timeout = '2s';
DROP VIEW open_orders;
-- finds: losesProperties (replay only)
CREATE VIEW open_orders AS SELECT id, total, tenant_id FROM orders WHERE total > 0;
