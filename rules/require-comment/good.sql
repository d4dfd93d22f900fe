CREATE TABLE orders (id bigint PRIMARY KEY, note text);
COMMENT ON TABLE orders IS 'What customers have bought.';
-- migration: one that was there
SET LOCAL lock_timeout = '2s';
ALTER TABLE customers ADD COLUMN note text;
-- migration: a partition
CREATE TABLE events (id bigint, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
COMMENT ON TABLE events IS 'What happened.';
CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2030-01-01');
-- migration: not there at the end
CREATE TABLE scratch (id bigint);
DROP TABLE scratch;
