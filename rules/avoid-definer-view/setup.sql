CREATE TABLE notes (id bigint PRIMARY KEY, owner text, body text);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON notes USING (owner = current_user);
CREATE TABLE pages (id bigint PRIMARY KEY, body text);
CREATE VIEW all_notes AS SELECT * FROM notes;
