CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  customer_id bigint NOT NULL,
  total numeric(12, 2) NOT NULL
);
CREATE DOMAIN percentage AS numeric;
CREATE TABLE discounts (id bigint PRIMARY KEY, rate percentage);
