-- name: overdue_invoices :many
SELECT id, number FROM invoices WHERE due_on < now() ORDER BY due_on, id LIMIT 20;

-- one row at most
-- name: invoice_by_number :one
SELECT id FROM invoices WHERE number = $1 LIMIT 1;

-- name: invoice_in_any_case :one
SELECT id FROM invoices WHERE lower(number) = lower($1) LIMIT 1;

-- is there any?
-- name: has_overdue :one
SELECT 1 FROM invoices WHERE due_on < now() LIMIT 1;

-- name: has_overdue_customer :one
SELECT EXISTS (SELECT id FROM invoices WHERE customer_id = $1 AND due_on < now() LIMIT 1);

-- a batch takes any rows
-- name: delete_batch :exec
DELETE FROM invoices WHERE id IN (SELECT id FROM invoices WHERE due_on < now() - interval '10 years' LIMIT 1000);

-- workers take any row that is free
-- name: take_one :many
SELECT id FROM invoices WHERE state = 'open' LIMIT 10 FOR UPDATE SKIP LOCKED;

-- 170 rows
-- name: some_currencies :many
SELECT code FROM currencies LIMIT 10;

-- one row
-- name: count_invoices :one
SELECT count(*) FROM invoices LIMIT 1;

-- sorted inside
-- name: newest :many
SELECT n.id FROM (SELECT id FROM invoices ORDER BY due_on DESC) AS n LIMIT 10;
