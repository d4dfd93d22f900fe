SET LOCAL lock_timeout = '2s';
-- finds: foreignKeyScans
-- also finds: require-index-for-foreign-key
ALTER TABLE ONLY public.orders ADD COLUMN note text, ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE CASCADE;
