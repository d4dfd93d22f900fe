CREATE FUNCTION balance_of(account bigint) RETURNS numeric
  LANGUAGE sql SECURITY DEFINER
  SET search_path = pg_catalog, shop, pg_temp
  AS 'SELECT balance FROM public.accounts WHERE id = account';
-- migration: in a statement of its own
CREATE FUNCTION count_of() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.accounts';
ALTER FUNCTION count_of() SET search_path = '';
-- migration: with the caller's rights
CREATE FUNCTION mine() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM accounts';
-- migration: one that was there
COMMENT ON FUNCTION total() IS 'Of all accounts.';
