-- finds: deletesAll
-- name: empty_carts :exec
DELETE FROM carts WHERE 1 = 1;

-- in a common table expression
-- finds: deletesAll
-- name: count_forgotten :one
WITH gone AS (DELETE FROM sessions RETURNING id)
SELECT count(*) FROM gone;

-- the join says which rows of the other table, not which sessions
-- finds: updatesAll
-- name: touch_sessions :exec
UPDATE sessions SET seen_at = now() FROM feature_flags;
