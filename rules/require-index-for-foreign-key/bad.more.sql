-- migration: a condition leaves rows out
SET LOCAL lock_timeout = '2s';
-- finds: noIndex
ALTER TABLE orders ADD FOREIGN KEY (referrer_id) REFERENCES customers ON DELETE SET NULL NOT VALID;

-- migration: a column that is not the first
SET LOCAL lock_timeout = '2s';
-- finds: noIndex
CREATE TABLE "Visits" (id bigint PRIMARY KEY, "orderId" bigint REFERENCES orders, day date, UNIQUE (day, "orderId"));

-- migration: code
-- finds: noIndex
-- also finds: require-lock-timeout
DO $$ BEGIN
  CREATE TABLE parcels (id bigint PRIMARY KEY, order_id bigint REFERENCES orders);
END $$;
