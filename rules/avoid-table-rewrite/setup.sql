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

CREATE TABLE sales (product text NOT NULL, amount integer NOT NULL);
CREATE MATERIALIZED VIEW totals AS SELECT product, sum(amount) AS amount FROM sales GROUP BY product;
CREATE UNIQUE INDEX totals_product_key ON totals (product);
