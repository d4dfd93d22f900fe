CREATE FUNCTION plain(t text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower(t)';
CREATE FUNCTION is_code(t text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT length(t) < 9';
CREATE FUNCTION shown(t text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT upper(t)';
CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL, code text CHECK (is_code(code)));
CREATE INDEX customers_email_idx ON customers (public.plain(email));
