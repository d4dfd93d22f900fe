SET LOCAL lock_timeout = '2s';
CREATE POLICY own ON notes FOR UPDATE USING (owner = (SELECT current_setting('app.user')));
CREATE POLICY not_after_hours ON notes AS RESTRICTIVE USING (true);
CREATE POLICY own_rows ON notes FOR SELECT USING (owner = current_user);
CREATE POLICY maintenance ON notes TO pg_database_owner USING (true);
