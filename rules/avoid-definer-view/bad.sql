-- finds: passesBy (replay only)
CREATE VIEW note_titles AS SELECT id, left(body, 40) AS title FROM notes;
