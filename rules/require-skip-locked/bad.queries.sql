-- finds: inLine
-- name: next_jobs :many
SELECT id, payload FROM jobs WHERE queue = $1 AND status = 'ready' ORDER BY run_at, id LIMIT 10 FOR UPDATE;

-- finds: locksAll
-- name: all_open_jobs :many
SELECT id FROM jobs WHERE locked_at IS NULL ORDER BY id FOR UPDATE;
