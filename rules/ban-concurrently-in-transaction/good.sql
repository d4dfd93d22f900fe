-- migration: outside a transaction (no transaction)
CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);
REINDEX TABLE CONCURRENTLY orders;
DROP INDEX CONCURRENTLY orders_old_idx;
VACUUM (ANALYZE) orders;

-- migration: these may stand in one
ANALYZE orders;
CREATE TYPE color AS ENUM ('red');
ALTER TYPE color ADD VALUE 'blue';
DISCARD PLANS;
