CREATE TABLE orders (id bigint PRIMARY KEY, note text, total numeric);
INSERT INTO orders SELECT n, 'note', 1 FROM generate_series(1, 10) n;
