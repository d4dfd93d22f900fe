-- name: next_jobs :many
SELECT id, payload FROM jobs WHERE queue = $1 AND status = 'ready'
ORDER BY run_at, id LIMIT 10 FOR UPDATE SKIP LOCKED;

-- fails at once, and the worker tries another
-- name: one_job_or_none :many
SELECT id FROM jobs WHERE status = 'ready' ORDER BY id LIMIT 1 FOR UPDATE NOWAIT;

-- one row, by its key
-- name: lock_job :one
SELECT id FROM jobs WHERE id = $1 AND status = 'ready' ORDER BY id FOR UPDATE;

-- the rows of one account, locked in order against deadlocks
-- name: lock_jobs_of_account :many
SELECT id FROM jobs WHERE account_id = $1 AND status = 'ready' ORDER BY id FOR UPDATE;

-- readers share
-- name: keep_jobs :many
SELECT id FROM jobs WHERE account_id = ANY ($1::bigint[]) AND status = 'ready' ORDER BY id FOR KEY SHARE;
