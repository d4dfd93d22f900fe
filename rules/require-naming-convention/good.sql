SET LOCAL lock_timeout = '2s';
ALTER TABLE "Accounts" ADD COLUMN updated_at timestamptz;
CREATE TABLE _drafts_2 (id bigint PRIMARY KEY, position integer, "date" date, name text UNIQUE, CHECK (position > 0));
CREATE INDEX ON _drafts_2 (position);
-- migration: not there at the end
CREATE TABLE "Scratch" (id bigint);
DROP TABLE "Scratch";
