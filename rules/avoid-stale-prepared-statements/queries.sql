-- name: GetOrder :one
SELECT * FROM orders WHERE id = $1;

-- name: CodeOfOrder :one
SELECT code FROM orders WHERE id = $1;

-- name: CountOrders :one
SELECT count(*) FROM orders;
