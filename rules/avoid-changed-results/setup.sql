CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL, city text);
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  code varchar(20) NOT NULL,
  placed_at timestamp NOT NULL,
  note text
);
CREATE VIEW order_list AS SELECT id, code FROM orders;
