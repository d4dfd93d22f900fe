CREATE TABLE orders (id bigint PRIMARY KEY, total numeric, note text);
ALTER TABLE orders ADD CONSTRAINT old CHECK (id > 0) NOT VALID;
