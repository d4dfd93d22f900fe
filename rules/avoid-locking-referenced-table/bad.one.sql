-- an info: one table, for an instant, but with no lock_timeout
-- finds: createLocks
-- also finds: require-index-for-foreign-key
CREATE TABLE addresses (
  id bigint PRIMARY KEY,
  customer_id bigint NOT NULL CONSTRAINT addresses_customer_fkey REFERENCES customers DEFERRABLE,
  city text
);
