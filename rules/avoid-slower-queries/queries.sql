-- name: LatestOrders :many
SELECT id, total_cents, placed_at FROM orders WHERE customer_id = $1 ORDER BY placed_at DESC LIMIT 20;

-- name: GetOrder :one
SELECT id, total_cents FROM orders WHERE id = $1;

-- name: AddRefund :exec
INSERT INTO refunds (id, order_id, reason) VALUES ($1, $2, $3);
