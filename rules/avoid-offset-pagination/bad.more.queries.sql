-- the filter leaves many of them
-- finds: pages
-- name: list_recent_articles :many
SELECT a.id, a.title, c.name FROM articles a JOIN categories c ON c.id = a.category_id
WHERE a.created_at > now() - interval '1 year' ORDER BY a.id LIMIT $1 OFFSET ($2 - 1) * $1;

-- finds: unknown
-- name: list_comments :many
SELECT id, body FROM comments ORDER BY id LIMIT 50 OFFSET $1;

-- finds: far
-- name: next_chunk :many
SELECT id FROM articles ORDER BY id OFFSET 400000 LIMIT 1000;

-- the pages are wrong before they are slow
-- also finds: require-order-by-with-limit
-- name: unsorted_pages :many
SELECT id FROM articles LIMIT 50 OFFSET $1;
