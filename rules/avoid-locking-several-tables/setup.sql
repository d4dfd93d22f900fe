-- transaction checkin: INSERT INTO events VALUES ($1); UPDATE orders SET note = $2 WHERE id = $3
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users, note text);
CREATE TABLE payments (id bigint PRIMARY KEY, order_id bigint REFERENCES orders);
CREATE TABLE events (at timestamptz NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE VIEW emails AS SELECT email FROM users;
CREATE VIEW notes AS SELECT note FROM orders;
