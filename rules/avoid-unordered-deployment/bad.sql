SET LOCAL lock_timeout = '2s';
-- finds: noOrder (replay only)
-- also finds: avoid-breaking-queries (replay only)
-- pgrehearse-allow ban-rename-column: this release uses the new name
ALTER TABLE orders RENAME COLUMN status TO state;
