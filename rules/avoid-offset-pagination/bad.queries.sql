-- finds: pages
-- name: list_articles :many
SELECT id, title FROM articles ORDER BY created_at DESC LIMIT 50 OFFSET $1;
