-- migration: 1 add
SET LOCAL lock_timeout = '2s';
-- also finds: require-index-for-foreign-key
ALTER TABLE orders
  ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID;

-- migration: 2 add
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD CONSTRAINT orders_total_positive CHECK (total >= 0) NOT VALID;

-- migration: 3 validate
ALTER TABLE orders VALIDATE CONSTRAINT orders_customer_id_fkey;
ALTER TABLE orders VALIDATE CONSTRAINT orders_total_positive;

-- migration: 4 constraints of new tables
CREATE TABLE parcels (id bigint PRIMARY KEY, weight integer CHECK (weight > 0));
ALTER TABLE parcels ADD CONSTRAINT parcels_light CHECK (weight < 100);
