-- rows: sessions 2400000
-- rows: feature_flags 40
CREATE TABLE sessions (
  id bigint PRIMARY KEY,
  user_id bigint NOT NULL,
  seen_at timestamptz NOT NULL,
  revoked boolean NOT NULL DEFAULT false
);
CREATE TABLE feature_flags (name text PRIMARY KEY, enabled boolean NOT NULL);
-- nobody knows how large
CREATE TABLE carts (id bigint PRIMARY KEY, total numeric NOT NULL);
