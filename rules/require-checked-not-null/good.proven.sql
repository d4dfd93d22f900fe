SET LOCAL lock_timeout = '2s';
-- phone_given was validated when the table was created
ALTER TABLE users ALTER COLUMN phone SET NOT NULL;
