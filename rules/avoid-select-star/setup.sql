CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, total numeric NOT NULL);
CREATE TABLE archived_orders (id bigint PRIMARY KEY, customer_id bigint, total numeric NOT NULL);
