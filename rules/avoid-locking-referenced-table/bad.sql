-- finds: createLocks
-- also finds: require-index-for-foreign-key
-- also finds: require-index-for-foreign-key
CREATE TABLE reviews (
  id bigint PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers (id),
  product_id bigint NOT NULL,
  stars integer NOT NULL CHECK (stars BETWEEN 1 AND 5),
  FOREIGN KEY (product_id) REFERENCES products ON DELETE CASCADE
);
