SET LOCAL lock_timeout = '2s';
ALTER TABLE orders DISABLE TRIGGER touch;
UPDATE orders SET total = 0 WHERE id = 1000;
ALTER TABLE orders ENABLE TRIGGER touch;
-- migration: all of the user's, and back
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders DISABLE TRIGGER USER;
UPDATE orders SET total = 0 WHERE id = 1000;
ALTER TABLE orders ENABLE TRIGGER USER;
-- migration: was off before
SET LOCAL lock_timeout = '2s';
ALTER TABLE customers DISABLE TRIGGER old_touch;
-- migration: dropped
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders DISABLE TRIGGER touch;
DROP TRIGGER touch ON orders;
