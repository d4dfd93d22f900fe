-- finds: scans
-- name: find_customers :many
SELECT id, name FROM customers WHERE name ILIKE '%' || $1 || '%' ORDER BY name LIMIT 20;
