SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN channel text;

-- name: OrdersByChannel :many
SELECT id, code FROM orders WHERE customer_id = $1 AND channel = $2;

-- name: AddOrder :exec
INSERT INTO orders (id, customer_id, code) VALUES ($1, $2, $3);

-- name: ImportOrder :exec
INSERT INTO orders (id, customer_id, code) VALUES ($1, $2, $3)
ON CONFLICT (customer_id, code) DO NOTHING;
