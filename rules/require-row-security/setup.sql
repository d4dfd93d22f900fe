CREATE TABLE notes (id bigint PRIMARY KEY, owner text);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON notes USING (owner = current_user);
CREATE TABLE drafts (id bigint PRIMARY KEY, owner text);
ALTER TABLE drafts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON drafts USING (owner = current_user);
CREATE SCHEMA shared;
CREATE TABLE shared.pages (id bigint PRIMARY KEY);
