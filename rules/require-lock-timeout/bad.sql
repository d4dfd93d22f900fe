-- finds: waitsWithoutLimit
ALTER TABLE orders ADD COLUMN priority integer;
-- once is enough for a migration
-- also finds: require-analyze
ALTER TABLE orders ALTER COLUMN note TYPE text;
