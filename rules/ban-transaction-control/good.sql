-- migration: transactions of its own, where the tool opens none (no transaction)
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN priority integer;
COMMIT;
START TRANSACTION ISOLATION LEVEL SERIALIZABLE;
CREATE TABLE priorities (id integer PRIMARY KEY);
END;

-- migration: savepoints stay within the transaction
CREATE TABLE urgencies (id integer PRIMARY KEY);
SAVEPOINT before;
INSERT INTO urgencies VALUES (1);
ROLLBACK TO SAVEPOINT before;

-- migration: a BEGIN more than needed changes nothing
BEGIN;
CREATE TABLE weights (id integer PRIMARY KEY);

-- migration: BEGIN of a block of code is none
DO $$ BEGIN CREATE TABLE sizes (id integer PRIMARY KEY); END $$;
