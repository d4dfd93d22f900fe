CREATE TABLE orders (
  id bigint PRIMARY KEY,
  user_id bigint NOT NULL,
  placed_at timestamptz NOT NULL
);
CREATE INDEX orders_placed_at_idx ON orders (placed_at);

CREATE TABLE readings (
  sensor bigint NOT NULL,
  taken_at timestamptz NOT NULL
) PARTITION BY RANGE (taken_at);
CREATE TABLE readings_2026 PARTITION OF readings FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE readings_2027 PARTITION OF readings FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');

CREATE MATERIALIZED VIEW daily AS SELECT user_id, count(*) AS orders FROM orders GROUP BY user_id;
