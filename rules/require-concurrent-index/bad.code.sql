-- finds: blocksWrites
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_indexes WHERE indexname = 'idx_orders_user_id') THEN
    CREATE INDEX idx_orders_user_id ON orders (user_id);
  END IF;
END $$;
