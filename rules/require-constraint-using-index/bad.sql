-- migration: a unique constraint
-- finds: buildsIndex
ALTER TABLE accounts ADD CONSTRAINT accounts_email_key UNIQUE (email);

-- migration: a primary key
-- finds: buildsIndex
ALTER TABLE accounts ADD PRIMARY KEY (id);
