SET LOCAL lock_timeout = '2s';
-- finds: deletes
CREATE TABLE lines (order_id bigint REFERENCES orders ON DELETE CASCADE, line integer, PRIMARY KEY (order_id, line));
