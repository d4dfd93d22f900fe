-- finds: reindexBlocks
REINDEX INDEX orders_placed_at_idx;
