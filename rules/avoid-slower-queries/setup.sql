-- rows: customers 200000
-- rows: orders 5000000
-- rows: refunds 300000
-- distinct: orders.id 5000000
-- distinct: orders.customer_id 20000
-- distinct: orders.placed_at 4000000
-- distinct: refunds.id 300000
-- distinct: refunds.order_id 280000
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
