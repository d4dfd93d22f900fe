-- options: {"actions": ["cascade"]}
SET LOCAL lock_timeout = '2s';
CREATE TABLE returns (id bigint PRIMARY KEY, order_id bigint UNIQUE REFERENCES orders ON DELETE SET NULL);
