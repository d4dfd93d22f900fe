CREATE TABLE customers (id bigint PRIMARY KEY, name text, active boolean);
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  customer_id bigint CONSTRAINT orders_customer_fkey REFERENCES customers
);
CREATE VIEW active_customers AS SELECT id, name FROM customers WHERE active;
CREATE VIEW active_names AS SELECT name FROM active_customers;
CREATE TABLE visits (id bigint PRIMARY KEY, path text);
CREATE INDEX visits_path_idx ON visits (path);
