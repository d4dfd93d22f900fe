-- a sample of the pages
-- name: you_may_like :many
SELECT id, name FROM products TABLESAMPLE SYSTEM (0.01) ORDER BY random() LIMIT 5;

-- the products of one shop
-- name: shop_window :many
SELECT id, name FROM products WHERE shop_id = $1 ORDER BY random() LIMIT 5;

-- 40 rows
-- name: banner :one
SELECT text FROM banners ORDER BY random() LIMIT 1;

-- from a random key on
-- name: next_after_random :many
SELECT id, name FROM products WHERE id >= $1 ORDER BY id LIMIT 5;
