-- finds: product
-- name: orders_with_customers :many
SELECT o.id, c.email FROM orders o, customers c WHERE o.total > 100 AND c.email = $1;
