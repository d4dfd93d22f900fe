-- finds: frozen
CREATE MATERIALIZED VIEW orders_with_email AS
SELECT o.*, c.email FROM orders o JOIN customers c ON c.id = o.customer_id;

-- finds: frozen
CREATE VIEW large_ids AS WITH large AS (SELECT * FROM orders WHERE total > 1000) SELECT id FROM large;

-- finds: fails
CREATE FUNCTION archive_order(which bigint) RETURNS void LANGUAGE sql AS '
  INSERT INTO archived_orders SELECT * FROM orders WHERE id = which;
  DELETE FROM orders WHERE id = which;
';
