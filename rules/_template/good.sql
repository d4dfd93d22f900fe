-- migration: a table of this run
CREATE TABLE drafts (id bigint);
ALTER TABLE drafts ADD COLUMN note text;
