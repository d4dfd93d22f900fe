-- migration: no default partition
-- finds: locksParent
ALTER TABLE readings DETACH PARTITION readings_2026;

-- migration: with a default partition
-- finds: locksParent
ALTER TABLE visits DETACH PARTITION visits_2026;
