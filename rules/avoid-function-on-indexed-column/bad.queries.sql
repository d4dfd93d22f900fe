-- finds: unused
-- name: user_by_email :one
SELECT id, name FROM users WHERE lower(email) = lower($1);

-- finds: unused
-- name: users_of_day :many
SELECT id FROM users WHERE created_at::date = $1 ORDER BY id;
