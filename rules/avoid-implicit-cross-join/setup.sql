-- rows: orders 4000000
-- rows: customers 300000
-- rows: sizes 8
-- rows: colours 20
-- rows: settings 1
CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, total numeric NOT NULL);
CREATE INDEX orders_customer_id_idx ON orders (customer_id);
CREATE TABLE sizes (name text PRIMARY KEY);
CREATE TABLE colours (name text PRIMARY KEY);
CREATE TABLE settings (currency text NOT NULL, vat numeric NOT NULL);
CREATE TABLE parcels (id bigint PRIMARY KEY, order_id bigint NOT NULL);
