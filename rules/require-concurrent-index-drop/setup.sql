CREATE TABLE orders (id bigint PRIMARY KEY, state text NOT NULL, placed_at timestamptz NOT NULL);
CREATE INDEX orders_state_idx ON orders (state);
CREATE INDEX orders_placed_at_idx ON orders (placed_at);
