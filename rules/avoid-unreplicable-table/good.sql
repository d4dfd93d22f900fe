CREATE TABLE clicks (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, page text NOT NULL);
-- migration: whole rows
CREATE TABLE events (at timestamptz NOT NULL, page text NOT NULL);
ALTER TABLE events REPLICA IDENTITY FULL;
-- migration: the key of the partitioned table
CREATE TABLE logs (at date, id bigint, PRIMARY KEY (at, id)) PARTITION BY RANGE (at);
CREATE TABLE logs_old PARTITION OF logs FOR VALUES FROM ('2020-01-01') TO ('2030-01-01');
-- migration: not published
CREATE UNLOGGED TABLE loading (line text);
CREATE TEMPORARY TABLE scratch (line text);
-- migration: a key in a statement of its own
CREATE TABLE links (id bigint, target text);
ALTER TABLE links ADD PRIMARY KEY (id);
