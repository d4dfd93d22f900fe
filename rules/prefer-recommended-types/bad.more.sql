-- finds: char
-- finds: money
-- finds: timetz
-- finds: float
CREATE TABLE prices (
  id bigint PRIMARY KEY,
  currency char(3) NOT NULL,
  list money NOT NULL,
  valid_from timetz NOT NULL,
  total_price double precision NOT NULL
);
SET LOCAL lock_timeout = '2s';
-- finds: timestamp
ALTER TABLE customers ADD COLUMN seen_at timestamp;
-- migration: a sequence of its own
-- finds: serial (replay only)
CREATE TABLE notes (id bigserial PRIMARY KEY);
