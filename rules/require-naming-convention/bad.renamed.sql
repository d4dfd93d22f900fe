SET LOCAL lock_timeout = '2s';
-- finds: needsQuotes
-- also finds: ban-rename-column
ALTER TABLE orders RENAME COLUMN note TO "Note";
