SET LOCAL lock_timeout = '2s';
-- finds: readsAll
CREATE POLICY public_read ON notes FOR SELECT USING (true);
-- finds: writesAll
CREATE POLICY public_write ON notes FOR INSERT WITH CHECK (true);
