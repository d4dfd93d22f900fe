SET LOCAL lock_timeout = '2s';
-- ONLY builds nothing: the index is there for the partitions to attach theirs to
CREATE INDEX readings_sensor_idx ON ONLY readings (sensor);
