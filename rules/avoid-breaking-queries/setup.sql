CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL, city text);
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers,
  code text NOT NULL,
  status text NOT NULL DEFAULT 'new',
  note text,
  legacy_code text
);
CREATE UNIQUE INDEX orders_code_key ON orders (code);
CREATE VIEW open_orders AS SELECT id, customer_id, code FROM orders WHERE status = 'new';
CREATE FUNCTION order_fee(bigint) RETURNS integer LANGUAGE sql STABLE AS 'SELECT 5';
