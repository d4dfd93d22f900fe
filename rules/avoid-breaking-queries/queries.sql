-- name: ListOrders :many
SELECT id, code, status, note FROM orders WHERE customer_id = $1 ORDER BY id;

-- name: AddOrder :exec
INSERT INTO orders (id, customer_id, code) VALUES ($1, $2, $3);

-- name: ImportOrder :exec
INSERT INTO orders (id, customer_id, code, status) VALUES ($1, $2, $3, $4)
ON CONFLICT (code) DO UPDATE SET status = excluded.status;

-- name: OrdersOfCustomer :many
SELECT o.id, email, note FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.id = $1;

-- name: ExpensiveOrders :many
SELECT id FROM orders WHERE order_fee(id) > 10;

-- name: OpenOrders :many
SELECT id, code FROM open_orders WHERE customer_id = $1;

-- name: GetCustomer :one
SELECT email, city FROM customers WHERE id = $1;

-- name: CreateCustomer :exec
INSERT INTO customers (id, email) VALUES ($1, $2);
