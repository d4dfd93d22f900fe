-- migration: an index holds what it returned
-- finds: staleIndex
CREATE OR REPLACE FUNCTION plain(t text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower(trim(t))';

-- migration: a CHECK asked it
-- finds: staleRows (replay only)
CREATE OR REPLACE FUNCTION is_code(t text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT length(t) < 7';
