-- finds: outerJoin
-- name: customers_who_placed_none :many
SELECT id FROM customers
WHERE id NOT IN (SELECT o.placed_by FROM customers c LEFT JOIN orders o ON o.customer_id = c.id);

-- finds: nullable
-- name: all_form :many
SELECT id FROM customers WHERE id <> ALL (SELECT o.customer_id FROM orders AS o WHERE o.id > $1);

-- finds: literal
-- name: null_in_list :many
SELECT id FROM customers WHERE id NOT IN (1, 2, NULL);
