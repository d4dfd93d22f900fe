-- migration: unlogged
-- finds: rewritesTable
ALTER TABLE orders SET UNLOGGED;

-- migration: packed (no transaction)
-- finds: rewritesTable
VACUUM FULL orders;

-- migration: sorted
-- finds: rewritesTable
CLUSTER orders USING orders_placed_at_idx;
