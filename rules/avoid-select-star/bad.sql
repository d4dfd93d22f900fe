-- finds: frozen
CREATE VIEW large_orders AS SELECT * FROM orders WHERE total > 1000;

-- finds: fails
CREATE FUNCTION orders_of(customer bigint) RETURNS TABLE (id bigint, customer_id bigint, total numeric)
LANGUAGE sql STABLE AS 'SELECT * FROM orders WHERE customer_id = customer';
