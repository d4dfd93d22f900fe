ALTER TABLE users ADD COLUMN phone text;
-- finds: holdsWhileWaiting
ALTER TABLE orders ADD COLUMN phone text;
ALTER TABLE payments ADD COLUMN phone text;
