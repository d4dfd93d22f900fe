-- migration: nullable, or filled
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN customer_id bigint;
ALTER TABLE orders ADD COLUMN state text NOT NULL DEFAULT 'new';

-- migration: a new table
CREATE TABLE parcels (id bigint PRIMARY KEY, weight integer NOT NULL);
ALTER TABLE parcels ADD COLUMN height integer NOT NULL;
