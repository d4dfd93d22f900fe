-- migration: a CHECK that is NOT VALID proves nothing
SET LOCAL lock_timeout = '2s';
ALTER TABLE users ADD CONSTRAINT email_given CHECK (email IS NOT NULL) NOT VALID;

-- migration: too early
-- finds: scans
ALTER TABLE users ALTER COLUMN email SET NOT NULL;
