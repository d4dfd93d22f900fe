CREATE SCHEMA billing;
CREATE FUNCTION price(item bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
CREATE FUNCTION billing.tax(amount bigint, rate integer) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
CREATE FUNCTION label(item bigint) RETURNS text LANGUAGE sql AS 'SELECT ''a''::text';
