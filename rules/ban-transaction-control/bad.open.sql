-- migration: nothing to undo (no transaction)
CREATE TABLE urgencies (id integer PRIMARY KEY);
-- finds: undoesNothing
ROLLBACK;

-- migration: never ends (no transaction)
-- finds: staysOpen
BEGIN;
CREATE TABLE priorities (id integer PRIMARY KEY);
