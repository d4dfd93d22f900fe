SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID;
-- migration: with a limit
SET LOCAL statement_timeout = '15min';
ALTER TABLE orders VALIDATE CONSTRAINT positive;
