SET LOCAL lock_timeout = '2s';
-- finds: staysOff
DO $$ BEGIN
  ALTER TABLE orders DISABLE TRIGGER audit;
  UPDATE orders SET total = 0 WHERE id = 1;
END $$;
-- migration: only on replicas
SET LOCAL lock_timeout = '2s';
-- finds: staysOff
ALTER TABLE orders ENABLE REPLICA TRIGGER touch;
