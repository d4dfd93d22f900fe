-- migration: a function
-- finds: losesObject
DROP FUNCTION total(bigint);

-- migration: a type
-- finds: losesObject
DROP TYPE colour;

-- migration: a sequence
-- finds: losesObject
DROP SEQUENCE invoice_numbers;
