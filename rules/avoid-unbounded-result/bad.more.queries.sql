-- a join takes nothing away
-- finds: everyRow
-- name: payments_with_merchants :many
SELECT p.id, m.name FROM payments p JOIN merchants m ON m.id = p.merchant_id;

-- finds: unknown
-- name: all_refunds :many
SELECT * FROM refunds;
