-- migration: an index that comes with the query (no transaction)
CREATE INDEX CONCURRENTLY orders_customer_id_placed_at_idx ON orders (customer_id, placed_at);

-- An index comes with it:
-- name: list_orders :many
SELECT id, placed_at FROM orders WHERE customer_id = $1 ORDER BY placed_at DESC LIMIT 20;

-- A small table:
-- name: country_by_name :one
SELECT code FROM countries WHERE name = $1;
