-- finds: breaksQueries
ALTER TABLE orders DROP COLUMN note;
