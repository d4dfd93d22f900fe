-- migration: a key that has more numbers
SET LOCAL lock_timeout = '2s';
-- finds: outgrows
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers NOT VALID;

-- migration: a key of another kind of number
SET LOCAL lock_timeout = '2s';
-- finds: castsRows
ALTER TABLE orders ADD FOREIGN KEY (customer_number) REFERENCES customers (number) NOT VALID;
