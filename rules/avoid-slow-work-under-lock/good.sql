-- migration: 1 the column
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN currency text DEFAULT 'EUR';

-- migration: 2 the rows, in batches (no transaction)
DO $$
BEGIN
  LOOP
    UPDATE orders SET currency = 'EUR'
    WHERE id IN (SELECT id FROM orders WHERE currency IS NULL LIMIT 1000);
    EXIT WHEN NOT FOUND;
    COMMIT;
  END LOOP;
END $$;

-- migration: a few rows by their key may change under a lock
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN priority integer;
UPDATE orders SET priority = 1 WHERE id IN (1, 2, 3);

-- migration: the lock comes last
UPDATE customers SET name = 'ACME Ltd' WHERE id = 7;
SET LOCAL lock_timeout = '2s';
ALTER TABLE customers ALTER COLUMN name SET DEFAULT '';
