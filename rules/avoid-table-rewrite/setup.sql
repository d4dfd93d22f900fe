CREATE DOMAIN short_code AS text CHECK (length(VALUE) <= 8);
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  code varchar(20) NOT NULL,
  total integer NOT NULL,
  quantity integer NOT NULL DEFAULT 1 CHECK (quantity > 0),
  placed_at timestamp NOT NULL,
  shipped_at timestamp
);
CREATE INDEX orders_placed_at_idx ON orders (placed_at);
CREATE INDEX orders_code_idx ON orders (code);
CREATE MATERIALIZED VIEW totals AS SELECT code, sum(total) AS total FROM orders GROUP BY code;
CREATE UNIQUE INDEX totals_code_key ON totals (code);
