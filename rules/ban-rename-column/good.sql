-- migration: a column takes the place of another
SET LOCAL lock_timeout = '2s';
ALTER TABLE users RENAME COLUMN login TO login_old;
ALTER TABLE users RENAME COLUMN login_new TO login;

-- migration: names that no query uses
SET LOCAL lock_timeout = '2s';
ALTER TABLE users RENAME CONSTRAINT users_pkey TO users_id_key;
ALTER INDEX users_id_key RENAME TO users_pkey;

-- migration: a column of this run
SET LOCAL lock_timeout = '2s';
ALTER TABLE users ADD COLUMN tel text;
ALTER TABLE users RENAME COLUMN tel TO phone;
