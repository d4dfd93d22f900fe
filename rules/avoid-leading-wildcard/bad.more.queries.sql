-- there is an index of trigrams, but on lower(email)
-- finds: scans
-- name: find_customers_by_domain :many
SELECT id FROM customers c WHERE c.email LIKE '%@example.com' OR c.city LIKE concat('%', $1::text) ORDER BY id LIMIT 20;

-- finds: unknown
-- name: find_notes :many
SELECT id FROM notes WHERE body LIKE '%urgent%' ORDER BY id LIMIT 20;

-- finds: unknown
-- name: find_references :many
SELECT id FROM notes WHERE reference LIKE '%26' ORDER BY id LIMIT 20;
