SET LOCAL lock_timeout = '2s';
-- finds: staysOff
ALTER TABLE orders DISABLE TRIGGER touch;
UPDATE orders SET total = 0 WHERE id = 1000;
