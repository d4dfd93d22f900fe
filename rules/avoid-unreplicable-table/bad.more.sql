SET LOCAL lock_timeout = '2s';
-- finds: refusesChanges
ALTER TABLE notes DROP CONSTRAINT notes_pkey;
-- migration: the index that it went by
SET LOCAL lock_timeout = '2s';
-- finds: refusesChanges
ALTER TABLE codes DROP CONSTRAINT codes_code_key;
-- migration: nothing to tell rows by
SET LOCAL lock_timeout = '2s';
-- finds: refusesChanges
ALTER TABLE customers REPLICA IDENTITY NOTHING;
-- migration: a partition
CREATE TABLE logs (at date NOT NULL, line text) PARTITION BY RANGE (at);
-- finds: refusesChanges
CREATE TABLE logs_old PARTITION OF logs FOR VALUES FROM ('2020-01-01') TO ('2030-01-01');
