-- migration: an index (no transaction)
-- finds: keepsInvalid
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_user_id_idx ON orders (user_id);
