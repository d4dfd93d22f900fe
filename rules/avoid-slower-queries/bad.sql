-- migration: an index that queries need (no transaction)
-- finds: readsTable (replay only)
-- also finds: require-index-for-foreign-key
DROP INDEX CONCURRENTLY orders_customer_placed_idx;
