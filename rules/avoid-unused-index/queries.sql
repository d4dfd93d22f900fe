-- name: GetOrder :one
SELECT id, reference, note FROM orders WHERE id = $1;

-- name: OrderByReference :one
SELECT id FROM orders WHERE reference = $1;

-- name: AddOrder :exec
INSERT INTO orders (id, customer_id, reference) VALUES ($1, $2, $3);
