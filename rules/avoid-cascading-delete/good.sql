SET LOCAL lock_timeout = '2s';
CREATE TABLE lines (order_id bigint REFERENCES orders, line integer, PRIMARY KEY (order_id, line));
-- migration: only another name
SET LOCAL lock_timeout = '2s';
ALTER TABLE notes RENAME CONSTRAINT notes_order TO notes_order_id_fkey;
