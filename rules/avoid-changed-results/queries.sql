-- name: GetOrder :one
SELECT * FROM orders WHERE id = $1;

-- name: ListOrders :many
SELECT * FROM order_list ORDER BY id;

-- name: LastOrder :one
SELECT code, placed_at FROM orders ORDER BY id DESC LIMIT 1;

-- name: EmailOfCustomer :one
SELECT email FROM customers WHERE id = $1;

-- name: EmailOfOrder :one
SELECT o.id, c.email FROM orders o LEFT JOIN customers c ON c.id = o.id WHERE o.id = $1;
