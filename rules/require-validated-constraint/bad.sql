SET LOCAL lock_timeout = '2s';
-- finds: notValid
ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID;
