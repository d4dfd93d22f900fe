-- rows: orders 38400000
-- rows: countries 250
CREATE TABLE countries (code text PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  customer_id bigint NOT NULL,
  country text NOT NULL,
  placed_at timestamptz NOT NULL
);
