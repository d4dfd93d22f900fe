-- a warning: no row is read, but ATTACH would not even lock readings
-- finds: locksParent
CREATE TABLE readings_2027 PARTITION OF readings FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
