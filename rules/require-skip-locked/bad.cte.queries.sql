-- finds: inLine
-- name: take_job :one
UPDATE jobs SET status = 'running', locked_at = now()
WHERE id = (SELECT id FROM jobs WHERE status = 'ready' ORDER BY run_at LIMIT 1 FOR NO KEY UPDATE)
RETURNING id;
