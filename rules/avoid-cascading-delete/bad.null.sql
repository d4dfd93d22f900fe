SET LOCAL lock_timeout = '2s';
-- finds: changes
CREATE TABLE returns (id bigint PRIMARY KEY, order_id bigint UNIQUE REFERENCES orders ON DELETE SET NULL);
