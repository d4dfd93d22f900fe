-- migration: a pair of its own inside of the tool's
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN priority integer;
-- finds: notedApart
COMMIT;

-- migration: left over from a trial
CREATE TABLE priorities (id integer PRIMARY KEY);
-- finds: undoes
ROLLBACK;
