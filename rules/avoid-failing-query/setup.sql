CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, code text NOT NULL, note text);
CREATE UNIQUE INDEX orders_customer_code_key ON orders (customer_id, code);
