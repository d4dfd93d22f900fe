-- migration: a new partition, attached
CREATE TABLE readings_2027 (LIKE readings INCLUDING ALL);
ALTER TABLE readings ATTACH PARTITION readings_2027 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');

-- migration: a table whose CHECK proves the bounds
SET LOCAL lock_timeout = '2s';
ALTER TABLE readings ATTACH PARTITION readings_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');

-- migration: outside a transaction (no transaction)
ALTER TABLE readings DETACH PARTITION readings_2026 CONCURRENTLY;

-- migration: partitions of a new table
CREATE TABLE logs (at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE logs_2026 PARTITION OF logs FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE logs_other PARTITION OF logs DEFAULT;
