-- rows: customers 200000
-- rows: orders 5000000
-- rows: refunds 300000
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers,
  total_cents integer NOT NULL,
  placed_at timestamptz NOT NULL
);
CREATE INDEX orders_customer_placed_idx ON orders (customer_id, placed_at);
CREATE TABLE refunds (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, reason text);
CREATE INDEX refunds_order_id_idx ON refunds (order_id);
