-- migration: a label
-- finds: renamesLabel
ALTER TYPE state RENAME VALUE 'open' TO 'pending';

-- migration: a type
-- finds: renamesObject
ALTER TYPE colour RENAME TO color;

-- migration: a function
-- finds: renamesObject
ALTER FUNCTION total(bigint) RENAME TO total_of;

-- migration: a sequence
-- finds: renamesObject
ALTER SEQUENCE invoice_numbers RENAME TO invoice_number_seq;

-- migration: a schema
-- finds: movesSchema
ALTER SCHEMA billing RENAME TO invoicing;
