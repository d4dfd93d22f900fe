-- finds: nullable
-- name: customers_without_orders :many
SELECT id, email FROM customers WHERE id NOT IN (SELECT customer_id FROM orders);
