-- migration: one table, many changes
SET LOCAL lock_timeout = '2s';
ALTER TABLE users ADD COLUMN phone text;
ALTER TABLE users ALTER COLUMN phone SET DEFAULT '';
CREATE TABLE phones (id bigint);
ALTER TABLE phones ADD COLUMN phone text;

-- migration: the next table
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN phone text;

-- migration: a foreign key needs both of its tables
SET LOCAL lock_timeout = '2s';
ALTER TABLE payments ADD CONSTRAINT payments_user_fkey FOREIGN KEY (id) REFERENCES users NOT VALID;

-- migration: partitions go with their parent
SET LOCAL lock_timeout = '2s';
ALTER TABLE events ADD COLUMN kind text;
ALTER TABLE events_2026 ALTER COLUMN kind SET DEFAULT 'none';

-- migration: views that belong together
SET LOCAL lock_timeout = '2s';
DROP VIEW emails;
DROP VIEW notes;

-- migration: each statement commits by itself (no transaction)
SET lock_timeout = '2s';
ALTER TABLE users ADD COLUMN fax text;
ALTER TABLE orders ADD COLUMN fax text;
