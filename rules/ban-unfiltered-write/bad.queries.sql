-- finds: deletesAll
-- name: forget_sessions :exec
DELETE FROM sessions;

-- finds: updatesAll
-- name: revoke_sessions :exec
UPDATE sessions SET revoked = true WHERE true;
