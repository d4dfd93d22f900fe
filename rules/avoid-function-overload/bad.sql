-- migration: a new argument with a default
-- finds: ambiguous
CREATE OR REPLACE FUNCTION price(item bigint, currency text DEFAULT 'EUR') RETURNS bigint
  LANGUAGE sql AS 'SELECT 2::bigint';

-- migration: a new argument
-- finds: staysBeside
CREATE OR REPLACE FUNCTION billing.tax(amount bigint, rate integer, country text) RETURNS bigint
  LANGUAGE sql AS 'SELECT 2::bigint';
