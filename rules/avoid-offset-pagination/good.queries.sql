-- name: list_articles_after :many
SELECT id, title FROM articles WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT 50;

-- one author's articles do not fill many pages
-- name: list_articles_of :many
SELECT id, title FROM articles WHERE author_id = $1 ORDER BY id LIMIT 50 OFFSET $2;

-- 60 rows
-- name: list_categories :many
SELECT id, name FROM categories ORDER BY name LIMIT 20 OFFSET $1;

-- keeps the planner from flattening the sub-select
-- name: fenced :many
SELECT id FROM (SELECT id FROM articles WHERE author_id = $1 OFFSET 0) AS own;

-- name: second_newest :one
SELECT id FROM articles ORDER BY created_at DESC OFFSET 1 LIMIT 1;
