-- name: orders_with_customers :many
SELECT o.id, c.email FROM orders o, customers c WHERE o.customer_id = c.id AND c.email = $1;

-- connected through the order
-- name: parcels_of_customer :many
SELECT p.id FROM parcels p, customers c, orders o
WHERE p.order_id = o.id AND o.customer_id = c.id AND c.id = $1;

-- says that it is meant, and there are 160 combinations
-- name: variants :many
SELECT s.name, c.name FROM sizes s CROSS JOIN colours c;

-- name: variants_with_comma :many
SELECT s.name, c.name FROM sizes s, colours c;

-- one row on one side
-- name: orders_with_vat :many
SELECT o.id, o.total * s.vat FROM orders o, settings s WHERE o.customer_id = $1;

-- name: order_beside_customer :one
SELECT o.total, c.email FROM orders o, customers c WHERE o.id = $1 AND c.id = $2;

-- name: share_of_all :many
SELECT o.id, o.total / t.total FROM orders o, (SELECT sum(total) AS total FROM orders WHERE customer_id = $1) t
WHERE o.customer_id = $1;

-- functions and LATERAL make rows for each row
-- name: orders_by_day :many
SELECT d.day, o.id FROM orders o, generate_series(1, 7) AS d (day) WHERE o.customer_id = $1;

-- name: newest_order :many
SELECT c.email, o.id FROM customers c, LATERAL (SELECT id FROM orders WHERE customer_id = c.id ORDER BY id DESC LIMIT 1) o
WHERE c.id = ANY ($1::bigint[]);

-- connected through the outer query's row
-- name: customers_with_parcels :many
SELECT c.email FROM customers c
WHERE c.id = $1 AND EXISTS (SELECT FROM orders o, parcels p WHERE o.customer_id = c.id AND p.order_id = c.id);
