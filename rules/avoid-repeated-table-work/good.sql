-- migration: statements that change the catalogue only
SET LOCAL lock_timeout = '2s';
ALTER TABLE items ADD COLUMN note text;
ALTER TABLE items ADD COLUMN weight integer DEFAULT 0;
ALTER TABLE items ALTER COLUMN note SET DEFAULT '';

-- migration: a table of this run
CREATE TABLE totals (order_id bigint, total integer);
ALTER TABLE totals ALTER COLUMN total TYPE bigint;
ALTER TABLE totals ALTER COLUMN order_id SET NOT NULL;
CREATE UNIQUE INDEX totals_order_id_key ON totals (order_id);
INSERT INTO totals SELECT order_id, sum(price) FROM items GROUP BY order_id ON CONFLICT (order_id) DO NOTHING;
CREATE INDEX totals_total_idx ON totals (total);

-- migration: constraints that are validated where nobody waits
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ADD CONSTRAINT orders_quantity_not_null CHECK (quantity IS NOT NULL) NOT VALID;
ALTER TABLE orders ADD CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID;

-- migration: which they are
ALTER TABLE orders VALIDATE CONSTRAINT orders_quantity_not_null;
ALTER TABLE orders VALIDATE CONSTRAINT orders_total_check;

-- migration: so that this one reads nothing
SET LOCAL lock_timeout = '2s';
ALTER TABLE orders ALTER COLUMN quantity SET NOT NULL;

-- migration: an index before a few rows costs nothing
CREATE TABLE samples (order_id bigint);
CREATE INDEX samples_order_id_idx ON samples (order_id);
INSERT INTO samples SELECT order_id FROM items LIMIT 1000;
