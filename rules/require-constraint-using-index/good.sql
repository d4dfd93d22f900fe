-- migration: 1 build (no transaction)
CREATE UNIQUE INDEX CONCURRENTLY accounts_email_key ON accounts (email);
CREATE UNIQUE INDEX CONCURRENTLY accounts_pkey ON accounts (id);

-- migration: 2 use
SET LOCAL lock_timeout = '2s';
ALTER TABLE accounts
  ADD CONSTRAINT accounts_email_key UNIQUE USING INDEX accounts_email_key,
  ADD CONSTRAINT accounts_pkey PRIMARY KEY USING INDEX accounts_pkey;
