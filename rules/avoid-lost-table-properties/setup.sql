CREATE TABLE tenants (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  tenant_id bigint NOT NULL REFERENCES tenants (id),
  total numeric(12,2) NOT NULL DEFAULT 0
);
CREATE INDEX orders_tenant_id_idx ON orders (tenant_id);
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON orders USING (tenant_id = current_setting('app.tenant')::bigint);
GRANT SELECT, INSERT ON orders TO app;
CREATE TABLE lines (id bigint PRIMARY KEY, order_id bigint CONSTRAINT lines_order_fkey REFERENCES orders (id));
CREATE TABLE notes (id bigint PRIMARY KEY, body text);
CREATE VIEW open_orders AS SELECT id, total FROM orders WHERE total > 0;
GRANT SELECT ON open_orders TO app, reporting;
COMMENT ON VIEW open_orders IS 'what is to be paid';
CREATE VIEW titles WITH (security_barrier) AS SELECT id, body FROM notes;
CREATE MATERIALIZED VIEW totals AS SELECT tenant_id, sum(total) AS total FROM orders GROUP BY tenant_id;
CREATE UNIQUE INDEX totals_tenant_id_idx ON totals (tenant_id);
CREATE FUNCTION purge(days integer) RETURNS void LANGUAGE sql AS 'SELECT';
REVOKE EXECUTE ON FUNCTION purge(integer) FROM PUBLIC;
