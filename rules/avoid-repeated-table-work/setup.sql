-- rows: items 5000000
CREATE TABLE orders (id bigint PRIMARY KEY, note varchar(20), quantity integer, total integer, placed_at timestamptz);
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint, price integer);
