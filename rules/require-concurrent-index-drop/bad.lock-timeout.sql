SET LOCAL lock_timeout = '2s';
-- an info: the lock is short, and the wait for it bounded
-- finds: blocksQueries
DROP INDEX IF EXISTS orders_state_idx, orders_placed_at_idx;
