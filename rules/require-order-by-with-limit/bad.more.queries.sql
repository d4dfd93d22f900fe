-- finds: anyRows
-- name: some_letters :many
SELECT id FROM letters LIMIT $1;

-- finds: anyRows
-- name: first_invoice :one
SELECT number FROM invoices LIMIT 1;
