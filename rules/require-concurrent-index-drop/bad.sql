-- finds: blocksQueries
DROP INDEX orders_state_idx;
