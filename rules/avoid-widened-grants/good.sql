GRANT SELECT ON accounts TO grants_reader;
GRANT USAGE ON SCHEMA public TO PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO grants_reader;
REVOKE ALL ON accounts FROM PUBLIC;
CREATE ROLE grants_app LOGIN NOSUPERUSER NOBYPASSRLS;
-- migration: taken back from everybody
CREATE FUNCTION balance_of(account bigint) RETURNS numeric
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
  AS 'SELECT balance FROM accounts WHERE id = account';
REVOKE EXECUTE ON FUNCTION balance_of FROM PUBLIC;
-- migration: with the caller's rights, or called by nobody
CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
  AS 'BEGIN RETURN new; END';
