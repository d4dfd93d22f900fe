-- finds: anyRows
-- name: overdue_invoices :many
SELECT id, number FROM invoices WHERE due_on < now() LIMIT 20;

-- finds: pages
-- name: invoices_of_customer :many
SELECT id, number FROM invoices WHERE customer_id = $1 LIMIT 20 OFFSET $2;
