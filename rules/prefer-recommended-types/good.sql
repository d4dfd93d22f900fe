SET LOCAL lock_timeout = '2s';
-- also finds: require-index-for-foreign-key
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- has to have the type of customers.id
  customer_id integer NOT NULL REFERENCES customers,
  created_at timestamptz NOT NULL,
  details jsonb,
  title varchar(200),
  flag "char",
  weight_total_kg real,
  is_paid boolean
);
-- migration: one row each of another table
SET LOCAL lock_timeout = '2s';
CREATE TABLE customer_settings (customer_id integer PRIMARY KEY REFERENCES customers, theme text);
-- migration: what was there before
SET LOCAL lock_timeout = '2s';
CREATE TABLE customers_new (LIKE customers INCLUDING ALL);
ALTER TABLE customers RENAME TO customers_old;
ALTER TABLE customers_new RENAME TO customers;
