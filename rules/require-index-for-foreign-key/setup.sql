-- rows: countries 200
CREATE TABLE customers (id bigint PRIMARY KEY);
CREATE TABLE shops (id bigint PRIMARY KEY);
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  customer_id bigint NOT NULL,
  shop_id bigint,
  referrer_id bigint,
  archived boolean NOT NULL DEFAULT false
);
CREATE INDEX orders_shop_id_idx ON orders (shop_id) WHERE shop_id IS NOT NULL;
CREATE INDEX orders_referrer_idx ON orders (referrer_id) WHERE NOT archived;
CREATE TABLE countries (id bigint PRIMARY KEY, shop_id bigint);
CREATE TABLE notes (id bigint PRIMARY KEY, order_id bigint REFERENCES orders ON DELETE CASCADE, written_at timestamptz);
CREATE INDEX notes_order_id_idx ON notes (order_id);
CREATE INDEX notes_order_id_written_at_idx ON notes (order_id, written_at);
CREATE TABLE stamps (id bigint PRIMARY KEY, order_id bigint REFERENCES orders ON DELETE CASCADE);
CREATE INDEX stamps_order_id_idx ON stamps (order_id);
