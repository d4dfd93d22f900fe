-- finds: role
CREATE ROLE grants_admin SUPERUSER;
-- finds: role
ALTER ROLE grants_reader BYPASSRLS;
-- finds: public
GRANT ALL ON SCHEMA public TO PUBLIC;
