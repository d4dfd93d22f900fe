CREATE TABLE clicks (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, page text NOT NULL);
-- migration: in a statement of its own
CREATE TABLE members (team bigint NOT NULL, person bigint NOT NULL);
ALTER TABLE members ADD PRIMARY KEY (team, person);
-- migration: a partition
CREATE TABLE events (id bigint, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2030-01-01');
-- migration: gone after a crash, or after the session
CREATE UNLOGGED TABLE loading (line text);
CREATE TEMPORARY TABLE scratch (line text);
-- migration: one that is gone at the end
CREATE TABLE staging (line text);
DROP TABLE staging;
-- migration: one that was there before
SET LOCAL lock_timeout = '2s';
ALTER TABLE visits ADD COLUMN referrer text;
