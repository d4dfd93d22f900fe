SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN channel text;

-- finds: refused (replay only)
-- name: OrdersByChannel :many
SELECT id, code FROM orders WHERE chanel = $1;

-- finds: omitsRequired (replay only)
-- name: AddOrder :exec
INSERT INTO orders (id, customer_id, note) VALUES ($1, $2, $3);

-- finds: losesConflictTarget (replay only)
-- name: ImportOrder :exec
INSERT INTO orders (id, customer_id, code) VALUES ($1, $2, $3)
ON CONFLICT (code) DO NOTHING;
