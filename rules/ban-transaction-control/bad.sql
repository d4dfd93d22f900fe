SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN priority integer;
-- finds: endsEarly
COMMIT;
CREATE TABLE priorities (id integer PRIMARY KEY, name text);
CREATE TABLE urgencies (id integer PRIMARY KEY, name text);
