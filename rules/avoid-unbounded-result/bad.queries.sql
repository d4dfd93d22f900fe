-- finds: everyRow
-- name: all_payments :many
SELECT id, amount FROM payments ORDER BY id;
