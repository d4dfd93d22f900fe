-- migration: an index that no query uses, but a foreign key (no transaction)
-- finds: slowsForeignKey (replay only)
-- also finds: require-index-for-foreign-key
DROP INDEX CONCURRENTLY refunds_order_id_idx;
