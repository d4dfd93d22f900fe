-- the second waits for nothing any more, and would, were the first dropped concurrently
-- finds: blocksQueries
DROP INDEX orders_state_idx;
-- finds: blocksQueries
DROP INDEX orders_placed_at_idx;
