CREATE TABLE users (id bigint PRIMARY KEY, email text, token uuid, active boolean, visits integer DEFAULT 0);
CREATE TABLE sessions (id uuid PRIMARY KEY, expires_at timestamptz NOT NULL, user_id bigint);
CREATE TABLE logs (at date NOT NULL, line text) PARTITION BY RANGE (at);
CREATE TABLE logs_2026 PARTITION OF logs FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
