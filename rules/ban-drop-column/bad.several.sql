-- migration: two at once, one of them there
SET LOCAL lock_timeout = '2s';
-- finds: breaksQueries
ALTER TABLE orders DROP COLUMN IF EXISTS total, DROP COLUMN note, DROP COLUMN legacy_code;

-- migration: quoted names
-- finds: breaksQueries
ALTER TABLE billing."Invoice" DROP "dueDate";
