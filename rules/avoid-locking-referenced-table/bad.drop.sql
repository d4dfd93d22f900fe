-- migration: the constraint
-- finds: dropLocks
ALTER TABLE orders DROP CONSTRAINT orders_product_fkey;

-- migration: the column
-- finds: dropLocks
-- also finds: ban-drop-column
ALTER TABLE orders DROP COLUMN customer_id;
