-- finds: sortsAll
-- name: named_products :many
SELECT id FROM products WHERE name <> '' ORDER BY gen_random_uuid() LIMIT 5;

-- finds: unknown
-- name: any_joke :one
SELECT text FROM jokes ORDER BY random() LIMIT 1;
