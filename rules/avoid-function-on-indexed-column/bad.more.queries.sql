-- finds: unused
-- name: user_by_text_id :one
SELECT name FROM users u WHERE u.id::text = $1;

-- finds: unused
-- name: users_of_month :many
SELECT id FROM users WHERE date_trunc('month', created_at) = $1 ORDER BY id;

-- finds: unused
-- name: users_of_year :many
SELECT id FROM users WHERE extract(year FROM created_at) = $1 ORDER BY id;

-- finds: unused
-- name: users_by_plan :many
SELECT id FROM users WHERE coalesce(plan_id, 0) = $1 ORDER BY id;

-- finds: unknown
-- name: events_of_day :many
SELECT id FROM events WHERE happened_at::date = $1 ORDER BY id;
