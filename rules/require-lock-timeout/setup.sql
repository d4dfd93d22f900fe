CREATE TABLE orders (id bigint PRIMARY KEY, note varchar(20), placed_at timestamp);
CREATE VIEW recent AS SELECT id FROM orders;
