-- name: forget_old_sessions :exec
DELETE FROM sessions WHERE seen_at < now() - interval '30 days';

-- a table with 40 rows
-- name: disable_all_flags :exec
UPDATE feature_flags SET enabled = false;

-- a condition of the join is one, too
-- name: revoke_listed :exec
UPDATE sessions SET revoked = true FROM unnest($1::bigint[]) AS listed (id) WHERE sessions.id = listed.id;

-- pgrehearse-allow ban-unfiltered-write: the nightly job builds all carts anew
-- name: drop_carts :exec
DELETE FROM carts;

-- name: false_condition :exec
DELETE FROM carts WHERE false;
