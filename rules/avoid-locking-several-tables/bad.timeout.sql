-- a lock_timeout bounds the wait, but what is locked stays locked meanwhile
SET LOCAL lock_timeout = '2s';
CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
-- finds: holdsWhileWaiting
CREATE TRIGGER touched BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
