SET LOCAL lock_timeout = '2s';
-- finds: writesAll
CREATE POLICY anybody ON notes USING (true);
-- finds: perRow
CREATE POLICY own ON notes FOR UPDATE USING (owner = current_setting('app.user'));
