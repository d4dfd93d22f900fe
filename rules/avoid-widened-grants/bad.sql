-- finds: public
GRANT SELECT, UPDATE ON accounts TO PUBLIC;
-- finds: defaults
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC;
-- finds: grantOption
GRANT SELECT ON accounts TO grants_reader WITH GRANT OPTION;
-- finds: definer (replay only)
CREATE FUNCTION balance_of(account bigint) RETURNS numeric
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS 'SELECT balance FROM accounts WHERE id = account';
