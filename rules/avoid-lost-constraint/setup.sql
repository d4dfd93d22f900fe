CREATE TABLE customers (id bigint PRIMARY KEY);
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  customer_id bigint NOT NULL CONSTRAINT orders_customer REFERENCES customers,
  number text CONSTRAINT orders_number UNIQUE,
  status text NOT NULL CONSTRAINT orders_status CHECK (status IN ('new', 'paid')),
  note text
);
