ALTER TABLE orders ADD COLUMN currency text;
-- finds: holdsLock
UPDATE orders SET currency = 'EUR';
ALTER TABLE orders ALTER COLUMN currency SET DEFAULT 'EUR';
