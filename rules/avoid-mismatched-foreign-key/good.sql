-- migration: room for more than the key has
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD FOREIGN KEY (country_id) REFERENCES countries NOT VALID;

-- migration: text of any length
SET LOCAL lock_timeout = '2s';
CREATE TABLE gifts (id bigint PRIMARY KEY, customer_code text);
CREATE INDEX ON gifts (customer_code);

-- migration: text and varchar are compared as they are
SET LOCAL lock_timeout = '2s';
ALTER TABLE gifts ADD FOREIGN KEY (customer_code) REFERENCES customers (code) NOT VALID;

-- migration: the type is mended in the same run
CREATE TABLE reviews (id bigint PRIMARY KEY, customer_id int);
CREATE INDEX ON reviews (customer_id);

-- migration: before anybody can see it
SET LOCAL lock_timeout = '2s';
ALTER TABLE reviews ALTER COLUMN customer_id TYPE bigint;

-- migration: and the key
SET LOCAL lock_timeout = '2s';
ALTER TABLE reviews ADD FOREIGN KEY (customer_id) REFERENCES customers NOT VALID;
