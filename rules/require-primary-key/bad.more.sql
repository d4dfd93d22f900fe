-- unique is not enough: a key may be null
-- finds: noKey
CREATE TABLE tokens (token text UNIQUE);
-- migration: a copy
-- finds: noKey
CREATE TABLE visits_copy (LIKE visits INCLUDING ALL);
-- migration: partitioned
-- finds: noKey
CREATE TABLE logs (at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE logs_old PARTITION OF logs FOR VALUES FROM ('2020-01-01') TO ('2030-01-01');
