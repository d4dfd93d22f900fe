SET LOCAL lock_timeout = '2s';
-- finds: disabled
ALTER TABLE notes DISABLE ROW LEVEL SECURITY;
-- migration: a table like the others
-- finds: missing
CREATE TABLE letters (id bigint PRIMARY KEY, owner text);
