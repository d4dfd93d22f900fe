-- migration: a table
-- finds: breaksQueries
ALTER TABLE users RENAME TO accounts;

-- migration: a view
-- finds: breaksQueries
ALTER VIEW names RENAME TO account_names;

-- migration: to another schema
-- finds: movesAway
ALTER TABLE events SET SCHEMA archive;
