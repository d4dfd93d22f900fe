CREATE TABLE letters (id bigint PRIMARY KEY, owner text);
ALTER TABLE letters ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON letters USING (owner = current_user);
-- migration: where others have none
CREATE TABLE shared.lists (id bigint PRIMARY KEY);
-- migration: one policy for another
SET LOCAL lock_timeout = '2s';
DROP POLICY own ON notes;
CREATE POLICY own_or_empty ON notes USING (owner = current_user OR owner = '');
