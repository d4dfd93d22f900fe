CREATE TABLE carts (id bigint PRIMARY KEY, user_id bigint);
CREATE TABLE old_carts (id bigint PRIMARY KEY);
CREATE MATERIALIZED VIEW cart_counts AS SELECT user_id, count(*) AS carts FROM carts GROUP BY user_id;
CREATE VIEW mine AS SELECT id FROM carts WHERE user_id = 1;
CREATE TYPE colour AS ENUM ('red');
CREATE FUNCTION total(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
CREATE SEQUENCE invoice_numbers;
