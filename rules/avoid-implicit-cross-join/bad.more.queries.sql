-- the third is connected to none
-- finds: product
-- name: orders_and_parcels :many
SELECT o.id, p.id FROM parcels p, orders o JOIN customers c ON c.id = o.customer_id WHERE c.email = $1;

-- finds: product
-- name: mark_orders :exec
UPDATE orders SET total = 0 FROM customers c WHERE c.email = $1;
