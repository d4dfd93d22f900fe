-- migration: the old one goes
DROP FUNCTION price(bigint);
CREATE FUNCTION price(item bigint, currency text DEFAULT 'EUR') RETURNS bigint
  LANGUAGE sql AS 'SELECT 2::bigint';

-- migration: other types at the same place
CREATE OR REPLACE FUNCTION label(item text) RETURNS text LANGUAGE sql AS 'SELECT ''b''::text';

-- migration: one that is for the other, without a default
CREATE FUNCTION billing.tax(amount bigint, rate integer, country text) RETURNS bigint
  LANGUAGE sql AS 'SELECT billing.tax(amount, rate)';

-- migration: the same arguments
CREATE OR REPLACE FUNCTION billing.tax(amount bigint, rate integer) RETURNS bigint
  LANGUAGE sql AS 'SELECT 3::bigint';

-- migration: two new ones
CREATE FUNCTION area(a bigint) RETURNS bigint LANGUAGE sql AS 'SELECT a';
CREATE FUNCTION area(a bigint, b bigint) RETURNS bigint LANGUAGE sql AS 'SELECT a * b';
