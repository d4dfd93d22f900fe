-- migration: a foreign key
-- finds: foreignKeyScans
-- also finds: require-index-for-foreign-key
ALTER TABLE orders
  ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customers (id);

-- migration: a check
-- finds: checkScans
ALTER TABLE orders ADD CONSTRAINT orders_total_positive CHECK (total >= 0);
