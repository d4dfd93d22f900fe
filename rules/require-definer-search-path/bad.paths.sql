-- finds: writable (replay only)
CREATE FUNCTION first_of() RETURNS bigint LANGUAGE sql SECURITY DEFINER
  SET search_path = shop, open_to_all, pg_temp
  AS 'SELECT 1::bigint';
-- finds: temporary
CREATE FUNCTION second_of() RETURNS bigint LANGUAGE sql SECURITY DEFINER
  SET search_path = shop
  AS 'SELECT 2::bigint';
-- migration: turned into one, inside of code
CREATE FUNCTION third_of() RETURNS bigint LANGUAGE sql AS 'SELECT 3::bigint';
-- finds: missing
DO $$ BEGIN ALTER FUNCTION third_of() SECURITY DEFINER; END $$;
