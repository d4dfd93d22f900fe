-- finds: checkScans
ALTER TABLE orders ADD COLUMN weight integer DEFAULT 0 CHECK (weight >= 0);
