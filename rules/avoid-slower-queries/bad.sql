-- migration: an index that queries need (no transaction)
-- finds: readsTable (replay only)
DROP INDEX CONCURRENTLY orders_customer_placed_idx;
