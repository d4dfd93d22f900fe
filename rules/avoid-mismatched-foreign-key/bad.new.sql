-- finds: outgrows
-- also finds: avoid-locking-referenced-table
CREATE TABLE reviews (id bigint PRIMARY KEY, customer_id int REFERENCES customers);
CREATE INDEX ON reviews (customer_id);
