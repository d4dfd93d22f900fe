-- name: list_orders :many
-- finds: readsTable (replay only)
SELECT id, placed_at FROM orders WHERE customer_id = $1 ORDER BY placed_at DESC LIMIT 20;
