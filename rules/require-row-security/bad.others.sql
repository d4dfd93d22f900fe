SET LOCAL lock_timeout = '2s';
-- finds: notForced
ALTER TABLE notes NO FORCE ROW LEVEL SECURITY;
-- migration: no policy is left
SET LOCAL lock_timeout = '2s';
-- finds: noPolicy
DROP POLICY own ON drafts;
-- migration: a policy that does nothing
-- finds: unused
CREATE TABLE shared.letters (id bigint PRIMARY KEY, owner text);
CREATE POLICY own ON shared.letters USING (owner = current_user);
