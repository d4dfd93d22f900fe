-- rows: countries 200
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  customer_id bigint NOT NULL,
  number text NOT NULL,
  state text NOT NULL,
  placed_at timestamptz NOT NULL,
  tags text[]
);
CREATE INDEX orders_customer_id_idx ON orders (customer_id);
CREATE INDEX orders_state_placed_at_idx ON orders (state, placed_at);
CREATE TABLE countries (id bigint PRIMARY KEY, code text);
CREATE INDEX countries_code_idx ON countries (code);
