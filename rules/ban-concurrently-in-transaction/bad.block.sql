-- migration: a block in the file itself (no transaction)
BEGIN;
-- finds: fails
DROP INDEX CONCURRENTLY orders_old_idx;
COMMIT;
