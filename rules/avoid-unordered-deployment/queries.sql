-- name: GetOrder :one
SELECT id, total FROM orders WHERE id = $1;
