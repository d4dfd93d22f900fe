-- finds: holdsWhileWaiting
DO $$ BEGIN
  ALTER TABLE users ADD COLUMN phone text;
  ALTER TABLE payments ADD COLUMN phone text;
END $$;
