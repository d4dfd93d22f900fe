SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID;
-- migration: validated
ALTER TABLE orders VALIDATE CONSTRAINT positive;
-- migration: one that was there
ALTER TABLE orders ALTER COLUMN note SET STATISTICS 500;
