-- rows: customers 200000
-- rows: orders 5000000
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers,
  reference text NOT NULL,
  note text
);
