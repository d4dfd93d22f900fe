-- migration: a column more
SET LOCAL lock_timeout = '2s';
-- finds: gainsColumn (replay only)
-- also finds: avoid-stale-prepared-statements (replay only)
ALTER TABLE orders ADD COLUMN channel text;

-- migration: a view in another order
SET LOCAL lock_timeout = '2s';
DROP VIEW order_list;
-- finds: movesColumns (replay only)
-- also finds: avoid-stale-prepared-statements (replay only)
CREATE VIEW order_list AS SELECT code, id FROM orders;

-- migration: another name
SET LOCAL lock_timeout = '2s';
-- finds: renamesColumn (replay only)
-- pgrehearse-allow ban-rename-column: no release since 4.12 reads it
ALTER TABLE orders RENAME COLUMN note TO remark;
