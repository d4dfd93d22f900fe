SET LOCAL lock_timeout = '2s';
-- finds: unqualified
CREATE TABLE orders (id bigint PRIMARY KEY);
ALTER TABLE customers ADD COLUMN note text;
