-- rows: users 8000000
-- rows: plans 12
CREATE TABLE plans (id bigint PRIMARY KEY, code text NOT NULL UNIQUE);
CREATE TABLE users (
  id bigint PRIMARY KEY,
  email varchar(200) NOT NULL UNIQUE,
  name text NOT NULL,
  plan_id bigint NOT NULL REFERENCES plans,
  created_at timestamptz NOT NULL,
  seen_on date,
  nickname text
);
CREATE INDEX users_created_at_idx ON users (created_at);
CREATE INDEX users_name_idx ON users (name);
CREATE INDEX users_lower_name_idx ON users (lower(name));
CREATE INDEX users_plan_id_idx ON users (plan_id);
-- nobody knows how large
CREATE TABLE events (id bigint PRIMARY KEY, happened_at timestamp NOT NULL);
CREATE INDEX events_happened_at_idx ON events (happened_at);
