-- name: customers_without_orders :many
SELECT id, email FROM customers c
WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id);

-- the column is NOT NULL
-- name: customers_who_placed_none :many
SELECT id FROM customers WHERE id NOT IN (SELECT placed_by FROM orders);

-- NULLs are left out
-- name: without_nulls :many
SELECT id FROM customers WHERE id NOT IN (SELECT customer_id FROM orders WHERE customer_id IS NOT NULL);

-- a comparison leaves them out, too
-- name: not_among_the_first :many
SELECT id FROM customers WHERE id NOT IN (SELECT customer_id FROM orders WHERE customer_id < 1000);

-- IN has no such trap
-- name: customers_with_orders :many
SELECT id FROM customers WHERE id IN (SELECT customer_id FROM orders);

-- name: not_in_a_list :many
SELECT id FROM customers WHERE id NOT IN (1, 2, $1);
