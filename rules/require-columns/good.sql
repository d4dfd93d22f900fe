-- options: {"columns": ["created_at", "updated_at"]}
CREATE TABLE orders (id bigint PRIMARY KEY, created_at timestamptz NOT NULL);
ALTER TABLE orders ADD COLUMN updated_at timestamptz NOT NULL;
-- migration: one that was there
SET LOCAL lock_timeout = '2s';
ALTER TABLE customers ADD COLUMN note text;
-- migration: a partition
CREATE TABLE events (id bigint, at date, created_at timestamptz, updated_at timestamptz, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2030-01-01');
