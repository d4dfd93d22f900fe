-- migration: 1 promise
SET LOCAL lock_timeout = '2s';
ALTER TABLE users ADD CONSTRAINT users_email_not_null CHECK (email IS NOT NULL) NOT VALID;

-- migration: 2 prove
ALTER TABLE users VALIDATE CONSTRAINT users_email_not_null;

-- migration: 3 require
SET LOCAL lock_timeout = '2s';
ALTER TABLE users ALTER COLUMN email SET NOT NULL;
ALTER TABLE users DROP CONSTRAINT users_email_not_null;
