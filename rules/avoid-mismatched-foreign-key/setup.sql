CREATE TABLE customers (id bigint PRIMARY KEY, code varchar(10) UNIQUE, number numeric(20) UNIQUE);
CREATE TABLE countries (id smallint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id integer, country_id bigint, customer_number bigint);
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON orders (country_id);
CREATE INDEX ON orders (customer_number);
