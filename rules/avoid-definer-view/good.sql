CREATE VIEW page_titles AS SELECT id, left(body, 40) AS title FROM pages;
-- migration: one that was there
COMMENT ON VIEW all_notes IS 'For administrators.';
-- migration: a table of a like name
CREATE TABLE archived_notes (id bigint PRIMARY KEY, body text);
CREATE VIEW archive AS SELECT id FROM archived_notes;
