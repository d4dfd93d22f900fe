-- an index on the expression
-- name: user_by_name :many
SELECT id FROM users WHERE lower(name) = lower($1) ORDER BY id;

-- both ends of the range
-- name: users_of_day :many
SELECT id FROM users WHERE created_at >= $1::date AND created_at < $1::date + 1 ORDER BY id;

-- varchar and text are the same to an index
-- name: user_by_email :one
SELECT id FROM users WHERE email::text = $1;

-- the column has no index that is lost
-- name: users_by_nickname :many
SELECT id FROM users WHERE lower(nickname) = $1 ORDER BY id;

-- another condition brings it to few rows
-- name: check_email :one
SELECT id FROM users WHERE id = $1 AND lower(email) = lower($2);

-- 12 rows
-- name: plan_by_code :one
SELECT id FROM plans WHERE lower(code) = $1;

-- the function is on the value
-- name: user_by_lower_email :one
SELECT id FROM users WHERE email = lower($1);

-- only in the output
-- name: names :many
SELECT upper(name) FROM users WHERE plan_id = $1 ORDER BY id;
