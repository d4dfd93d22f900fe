-- finds: fails
-- also finds: avoid-table-rewrite
DO $$ BEGIN
  ALTER TABLE invoices ALTER COLUMN visits TYPE integer;
END $$;
