-- rows: customers 3000000
-- rows: countries 250
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE TABLE countries (code text PRIMARY KEY, name text NOT NULL);
CREATE TABLE customers (
  id bigint PRIMARY KEY,
  account_id bigint NOT NULL,
  name text NOT NULL,
  email text NOT NULL,
  city text NOT NULL
);
CREATE INDEX customers_account_id_idx ON customers (account_id);
CREATE INDEX customers_name_idx ON customers (name text_pattern_ops);
CREATE INDEX customers_city_idx ON customers USING gin (city gin_trgm_ops);
CREATE INDEX customers_lower_email_idx ON customers USING gin (lower(email) gin_trgm_ops);
-- nobody knows how large
CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL, reference character(12) NOT NULL);
