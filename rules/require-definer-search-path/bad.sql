-- finds: missing
CREATE FUNCTION balance_of(account bigint) RETURNS numeric
  LANGUAGE sql SECURITY DEFINER
  AS 'SELECT balance FROM public.accounts WHERE id = account';
