-- name: next_payments :many
SELECT id, amount FROM payments WHERE id > $1 ORDER BY id LIMIT 1000;

-- name: payments_of_merchant :many
SELECT id, amount FROM payments WHERE merchant_id = $1 ORDER BY id;

-- name: total :one
SELECT sum(amount) FROM payments;

-- a row per country
-- name: totals :many
SELECT country, sum(amount) FROM payments GROUP BY country;

-- 250 rows
-- name: all_countries :many
SELECT code, name FROM countries;

-- few rows on one side
-- name: payments_of_merchants_named :many
SELECT p.id FROM payments p JOIN merchants m ON m.id = p.merchant_id WHERE m.name = $1;

-- nobody knows how many are that large
-- name: large_payments :many
SELECT id FROM payments WHERE amount > $1;

-- goes to another table, not to the application
-- name: archive :exec
INSERT INTO refunds (id, payment_id) SELECT id, id FROM payments;
