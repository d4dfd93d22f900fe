-- migration: the key of a table that is to come
SET LOCAL lock_timeout = '2s';
CREATE TABLE order_items (id bigint PRIMARY KEY, order_id bigint NOT NULL);
CREATE INDEX ON order_items (order_id, id);

-- migration: two migrations later
SET LOCAL lock_timeout = '2s';
ALTER TABLE order_items ADD FOREIGN KEY (order_id) REFERENCES orders ON DELETE CASCADE NOT VALID;

-- migration: rows without a shop need no entry
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD FOREIGN KEY (shop_id) REFERENCES shops ON DELETE CASCADE NOT VALID;

-- migration: the first columns in another order
CREATE TABLE places (shop_id bigint, area_id bigint, PRIMARY KEY (shop_id, area_id));
CREATE TABLE stays (id bigint PRIMARY KEY, shop_id bigint, area_id bigint, UNIQUE (area_id, shop_id, id),
  FOREIGN KEY (shop_id, area_id) REFERENCES places ON DELETE CASCADE);

-- migration: a small table
SET LOCAL lock_timeout = '2s';
ALTER TABLE countries ADD FOREIGN KEY (shop_id) REFERENCES shops ON DELETE CASCADE NOT VALID;

-- migration: another index does (no transaction)
DROP INDEX CONCURRENTLY notes_order_id_idx;

-- migration: partitions follow their parent
SET LOCAL lock_timeout = '2s';
CREATE TABLE stops (id bigint, shop_id bigint, day date) PARTITION BY RANGE (day);
CREATE INDEX ON stops (shop_id);
CREATE TABLE stops_2027 PARTITION OF stops FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');

-- migration: the primary key is the foreign key
SET LOCAL lock_timeout = '2s';
CREATE TABLE profiles (customer_id bigint PRIMARY KEY);

-- migration: the primary key is the foreign key, for real
SET LOCAL lock_timeout = '2s';
ALTER TABLE profiles ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE CASCADE NOT VALID;
