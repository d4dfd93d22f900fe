-- options: {"columns": true}
-- finds: columns
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
COMMENT ON TABLE orders IS 'What customers have bought.';
COMMENT ON COLUMN orders.id IS 'Never given twice.';
SET LOCAL lock_timeout = '2s';
-- finds: columns
ALTER TABLE customers ADD COLUMN note text;
