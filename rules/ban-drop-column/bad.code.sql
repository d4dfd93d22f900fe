-- finds: breaksQueries
DO $$ BEGIN
  ALTER TABLE orders DROP COLUMN note;
END $$;
