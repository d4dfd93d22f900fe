-- finds: sortsAll
-- name: you_may_like :many
SELECT id, name FROM products ORDER BY random() LIMIT 5;
