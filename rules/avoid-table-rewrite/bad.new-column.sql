-- migration: a default that differs from row to row
-- finds: rewritesTable
ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();

-- migration: identity
-- finds: rewritesTable
ALTER TABLE orders ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;

-- migration: serial
-- finds: rewritesTable
ALTER TABLE orders ADD COLUMN position serial;

-- migration: a stored generated column
-- finds: rewritesTable
ALTER TABLE orders ADD COLUMN net numeric GENERATED ALWAYS AS (total / 1.19) STORED;

-- migration: a domain with a check
-- finds: rewritesTable
-- also finds: avoid-repeated-table-work
ALTER TABLE orders ADD COLUMN short short_code;
