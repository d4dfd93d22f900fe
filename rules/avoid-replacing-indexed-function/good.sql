-- migration: nothing holds what it returned
CREATE OR REPLACE FUNCTION shown(t text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT initcap(t)';

-- migration: the same code
CREATE OR REPLACE FUNCTION is_code(t text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT  length(t) < 9;';

-- migration: the index is built anew (no transaction)
CREATE OR REPLACE FUNCTION plain(t text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower(trim(t))';
REINDEX INDEX CONCURRENTLY customers_email_idx;

-- migration: a name of its own
CREATE FUNCTION plain_trimmed(t text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT lower(trim(t))';
