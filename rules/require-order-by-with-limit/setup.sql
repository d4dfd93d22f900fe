-- rows: invoices 900000
-- rows: currencies 170
CREATE TABLE currencies (code text PRIMARY KEY, name text NOT NULL);
CREATE TABLE invoices (
  id bigint PRIMARY KEY,
  number text NOT NULL UNIQUE,
  customer_id bigint NOT NULL,
  state text NOT NULL,
  due_on date NOT NULL
);
CREATE INDEX invoices_customer_id_idx ON invoices (customer_id);
CREATE UNIQUE INDEX invoices_number_lower_key ON invoices (lower(number));
-- nobody knows how large
CREATE TABLE letters (id bigint PRIMARY KEY, body text NOT NULL);
