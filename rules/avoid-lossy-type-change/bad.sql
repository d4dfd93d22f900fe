-- migration: decimals are rounded
-- finds: changesValues
-- also finds: avoid-table-rewrite
ALTER TABLE invoices ALTER COLUMN total TYPE numeric(12, 2);

-- migration: values may be too large
-- finds: fails
-- also finds: avoid-table-rewrite
ALTER TABLE invoices ALTER COLUMN visits TYPE integer;

-- migration: a cast cuts where the change alone would fail
-- finds: changesValues
-- also finds: avoid-table-rewrite
-- also finds: avoid-repeated-table-work
ALTER TABLE invoices ALTER COLUMN title TYPE varchar(10) USING title::varchar(10);
