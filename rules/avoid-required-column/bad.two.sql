SET LOCAL lock_timeout = '2s';
-- finds: required
ALTER TABLE orders ADD COLUMN note text, ADD COLUMN region text NOT NULL, ADD COLUMN state text NOT NULL DEFAULT 'new';
