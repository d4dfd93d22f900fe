-- the pattern has a beginning
-- name: complete_name :many
SELECT id, name FROM customers WHERE name LIKE $1 || '%' ORDER BY name LIMIT 20;

-- indexes of trigrams
-- name: find_customers_by_city :many
SELECT id FROM customers WHERE city ILIKE '%' || $1 || '%' OR lower(email) LIKE '%' || lower($1) ORDER BY id LIMIT 20;

-- few rows are left to look at
-- name: find_customers_of_account :many
SELECT id FROM customers WHERE account_id = $1 AND name ILIKE '%' || $2 || '%' ORDER BY id LIMIT 20;

-- 250 rows
-- name: find_countries :many
SELECT code FROM countries WHERE name ILIKE '%land%';

-- most rows pass anyway
-- name: without_tests :many
SELECT id FROM customers WHERE name NOT LIKE '%test%' ORDER BY id LIMIT 20;
